"""The states of jobs and tasks."""

from __future__ import annotations

from enum import IntEnum


class JobState(IntEnum):
    """The state of a job or a task, by the numbers and words of Media Services."""

    Queued = 0
    Scheduled = 1
    Processing = 2
    Finished = 3
    Error = 4
    Canceled = 5
    Canceling = 6

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self in (JobState.Finished, JobState.Error, JobState.Canceled)
