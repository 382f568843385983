"""The numbers of the online tracker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TrackerSettings:
    """The tracker's numbers. Costs are −2 log likelihoods: a difference of 6 is odds of 20 to 1.

    Attributes:
        sure_score: detections from here up may confirm a track and ask for an embedding.
        low_score: detections below are ignored.
        limit: a match at or above this cost is not made.
        low_limit: the same for detections below `sure_score`, which are matched by motion alone.
        margin: a match is in doubt if another comes within this cost.
        doubt: a match that costs more by motion alone is in doubt.
        unconfirmed_cost: what a match with an unconfirmed track costs on top.
        confirm_hits, confirm_score: a track is confirmed when it was seen this often and its sure
            scores sum to this much.
        coast_s: how long a confirmed track is kept alive unseen, in seconds.
        tentative_coast_s: the same for an unconfirmed one.
        refresh_s: a track's appearance is looked at again after this long.
        recheck_s: the same after a match that was in doubt, and while it has few embeddings.
        few: number of embeddings below which a track has few.
        duplicate_iou: no track begins on a detection that overlaps a matched one this much.
    """

    sure_score: float = 0.5
    low_score: float = 0.2
    limit: float = 16.0
    low_limit: float = 12.0
    margin: float = 6.0
    doubt: float = 9.0
    unconfirmed_cost: float = 2.0
    confirm_hits: int = 3
    confirm_score: float = 1.5
    coast_s: float = 1.5
    tentative_coast_s: float = 0.2
    refresh_s: float = 1.0
    recheck_s: float = 0.15
    few: int = 3
    duplicate_iou: float = 0.45
