from __future__ import annotations

import numpy as np
import pytest

from training.emotion import metrics


def test_wilson_against_a_textbook_value() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662 by the score method.
    assert metrics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (10, 10), (0, 0)])
def test_wilson_stays_within_shares(hits: int, trials: int) -> None:
    low, high = metrics.wilson(hits, trials)
    assert 0 <= low < high <= 1


def test_confusion_has_truth_in_rows() -> None:
    scores = np.eye(3)[[0, 1, 1, 2]]
    table = metrics.confusion(scores, np.array([0, 1, 2, 2]))
    assert table.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_confidence_that_comes_true_as_often_has_no_error() -> None:
    confidence = np.full(10, 0.7)
    truth = np.array([1.0] * 7 + [0.0] * 3)
    assert metrics.calibration_error(confidence, truth) == pytest.approx(0)


def test_certainty_that_is_always_wrong_has_error_one() -> None:
    assert metrics.calibration_error(np.ones(5), np.zeros(5)) == pytest.approx(1)


def test_calibration_error_is_weighed_by_the_faces_of_a_bin() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.35])
    truth = np.array([1.0, 1.0, 1.0, 0.0])
    assert metrics.calibration_error(confidence, truth) == pytest.approx((3 * 0.05 + 0.35) / 4)


def test_the_plot_leaves_out_empty_bins() -> None:
    points = metrics.reliability(np.array([0.1, 0.9, 0.9]), np.array([0.0, 1.0, 0.0]), bins=10)
    assert [faces for _, _, faces in points] == [1, 2]
    assert points[1][:2] == pytest.approx((0.9, 0.5))
