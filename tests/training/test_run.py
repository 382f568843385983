"""Runs, whatever network they train: the curves, what is kept, going on, and how one is asked for.

The network here is a line through twelve points.
"""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")

from training import recipe  # noqa: E402
from training.attributes import train as attributes_train  # noqa: E402
from training.emotion import train as emotion_train  # noqa: E402
from training.run import Run, read_best  # noqa: E402
from training.schedule import Settings  # noqa: E402

SETTINGS = Settings(stages=((64, 2), (72, 1)), batch=4, rate=0.5, head_rate=0.5, evaluate_every=1)
PLACES = torch.linspace(-1, 1, 12)[:, None]
WANTED = 3 * PLACES + 1


def line(seed: int = 1) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Linear(1, 1)


def learn(run: Run[Any]) -> float:
    drawn = run.rng.permutation(len(PLACES))
    return run.learn_epoch(
        drawn, lambda rows: (run.answer(PLACES[rows]) - WANTED[rows]).square().mean()
    )


def trained(folder: Path, scores: dict[int, float], settings: Settings = SETTINGS) -> Run[Any]:
    """A run to its end; a score for each epoch."""
    run = Run(settings, line())
    run.begin(folder)
    run.train(folder, lambda: learn(run), lambda _: scores[run.epoch], score_name="valid_score",
              kept={"made": True})  # fmt: skip
    return run


def weights(state: dict[str, Any]) -> list[float]:
    return [value for tensor in state.values() for value in tensor.flatten().tolist()]


def test_it_learns_and_writes_a_line_an_epoch(tmp_path: Path) -> None:
    run = trained(tmp_path, {1: 0.5, 2: 0.25, 3: 0.75})
    assert (run.epoch, run.step, run.best) == (3, 9, 0.75)
    with (tmp_path / "curves.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["epoch", "side", "loss", "valid_score", "seconds"]
    assert [(row["epoch"], row["side"], row["valid_score"]) for row in rows] == [
        ("1", "64", "0.5000"), ("2", "64", "0.2500"), ("3", "72", "0.7500"),
    ]  # fmt: skip
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"]) / 2


def test_the_best_epoch_is_kept_and_told_of(tmp_path: Path) -> None:
    trained(tmp_path / "rising", {1: 0.1, 2: 0.2, 3: 0.3})
    net, side = read_best(tmp_path / "rising" / "best.pt", line(2))
    last = torch.load(tmp_path / "rising" / "last.pt", weights_only=True)
    assert side == 72
    assert weights(net.state_dict()) == weights(last["average"])
    assert not any(parameter.requires_grad for parameter in net.parameters())
    trained(tmp_path / "falling", {1: 0.3, 2: 0.2, 3: 0.1})
    state = torch.load(tmp_path / "falling" / "best.pt", weights_only=True)
    assert (state["side"], state["made"]) == (64, True)
    assert weights(state["net"]) != weights(last["average"])


def test_a_run_that_was_cut_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {1: 0.1, 2: 0.2, 3: 0.3}
    whole = trained(tmp_path / "whole", scores)
    with pytest.raises(KeyError):  # the second epoch dies before it is saved
        trained(tmp_path / "cut", {1: 0.1})
    assert not list((tmp_path / "cut").glob("*.part"))
    cut = trained(tmp_path / "cut", scores)
    assert weights(cut.average.state_dict()) == weights(whole.average.state_dict())
    assert (cut.epoch, cut.step, cut.best) == (whole.epoch, whole.step, whole.best)
    lines = [
        [
            row.rpartition(",")[0]
            for row in (tmp_path / name / "curves.csv").read_text().splitlines()
        ]
        for name in ("whole", "cut")
    ]
    assert lines[0] == lines[1]


def test_rates_rise_and_fall_each_from_its_own_peak() -> None:
    run = Run(replace(SETTINGS, rate=0.2, head_rate=0.4), torch.nn.ModuleDict({"head": line()}))
    assert {group["peak"] for group in run.optimiser.param_groups} == {0.4}
    assert sorted(group["weight_decay"] for group in run.optimiser.param_groups) == [0.0, 0.05]
    body = Run(replace(SETTINGS, rate=0.2), line())
    assert {group["peak"] for group in body.optimiser.param_groups} == {0.2}
    learn(body)
    assert 0 < body.optimiser.param_groups[0]["lr"] < 0.2


@pytest.mark.parametrize("train", [emotion_train, attributes_train])
def test_options_that_are_not_given_leave_the_defaults(train: Any) -> None:
    arguments = train.parse_arguments(["--out", "x"])
    assert recipe.recipe(arguments, train.DEFAULTS) == train.DEFAULTS


def test_weaker_changes_drop_less_too() -> None:
    words = ["--out", "x", "--stages", "80x3", "--rate", "1e-3", "--strength", "0.5", "--seed", "7"]
    arguments = emotion_train.parse_arguments([*words, "--draw-power", "0.1"])
    found = recipe.recipe(arguments, emotion_train.DEFAULTS)
    assert found.stages == ((80, 3),)
    assert (found.rate, found.head_rate, found.draw_power, found.seed) == (1e-3, 2e-3, 0.1, 7)
    assert (found.drop_depth, found.dropout) == (0.025, 0.1)
    assert found.strength.rotation_deg == emotion_train.DEFAULTS.strength.rotation_deg / 2


def test_what_a_run_is_made_from_is_written_down(tmp_path: Path) -> None:
    arguments = Namespace(out=tmp_path, start=None, dlib=Path("a/dlib.dat"), threads=2)
    recipe.write_settings(SETTINGS, arguments, data_sha256="ab", teacher=["best.pt"])
    record = json.loads((tmp_path / "settings.json").read_text())
    assert record["settings"]["stages"] == [[64, 2], [72, 1]]
    assert (record["data_sha256"], record["teacher"]) == ("ab", ["best.pt"])
    assert record["start"] == "dlib.dat"
    assert record["versions"]["numpy"] == np.__version__
    assert record["machine"].endswith(", 2 threads")
