"""The pure parts of bench.embedding_runtimes, and that ways to run the network agree."""

from __future__ import annotations

import numpy as np
import pytest

from bench import embedding_runtimes
from bench.embedding_runtimes import PADS, compare, operations, ort_apart, ort_run, ort_session


def test_every_padding_gets_its_arguments_in_order() -> None:
    lines = [
        "7767517",
        "84 98",
        *(f"Pad  Pad_{n}  1 1 {n} {n + 1}" for n in range(5)),
        "ReLU r 1 1",
    ]
    found = embedding_runtimes.padded("\n".join(lines)).splitlines()
    assert found[:2] == lines[:2]
    assert found[-1] == lines[-1]
    for number, (line, pad) in enumerate(zip(found[2:7], PADS, strict=True)):
        assert line.split() == [
            "Padding",
            f"Pad_{number}",
            "1",
            "1",
            *line.split()[4:6],
            *pad.split(),
        ]


def test_operations_of_a_convolution() -> None:
    event = {
        "output_type_shape": [{"float": [8, 32, 10, 10]}],
        "input_type_shape": [
            {"float": [8, 16, 10, 10]},
            {"float": [32, 16, 3, 3]},
            {"float": [32]},
        ],
    }
    assert operations(event) == 2 * 8 * 32 * 100 * 16 * 9


def test_rows_are_compared_with_the_first() -> None:
    x = np.zeros((2, 3, 150, 150), np.float32)
    runs = {"a": lambda x: np.zeros((2, 128)), "b": lambda x: np.full((2, 128), 0.25)}
    rows = list(compare(runs, x, 0.05))
    assert [row[0] for row in rows] == ["a", "b"]
    assert [float(row[3]) for row in rows] == [0, 0.25]
    assert all(0 <= float(row[1]) <= float(row[2]) for row in rows)


@pytest.mark.parametrize("threads", [2, 3])
def test_parts_on_threads_of_their_own_give_the_same_vectors(threads: int) -> None:
    x = np.random.default_rng(0).integers(0, 256, (5, 3, 150, 150)).astype(np.float32)
    whole = ort_run(ort_session(1))(x)
    assert whole.shape == (5, 128)
    assert ort_apart(threads)(x) == pytest.approx(whole, abs=1e-5)
