"""Five networks, each scored on what it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")

from training.emotion import data, folds, train  # noqa: E402
from training.emotion.predict import predict_logits  # noqa: E402
from training.schedule import Settings  # noqa: E402


@pytest.fixture
def faces() -> data.Part:
    """Sixty faces of noise, the last ten twice; every one with a majority."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (50, 48, 48), np.uint8)
    votes = np.zeros((60, 10), np.int64)
    votes[np.arange(60), np.arange(60) % 8] = 10
    return data.Part(np.concatenate([images, images[40:]]), votes)


def test_each_face_is_in_one_fold_and_its_double_in_the_same(faces: data.Part) -> None:
    of = folds.fold_of(faces, seed=3)
    assert of.shape == (60,)
    assert np.bincount(of, minlength=folds.FOLDS).min() >= 8
    assert of[40:50].tolist() == of[50:].tolist()
    assert of.tolist() != folds.fold_of(faces, seed=4).tolist()


def test_parts_are_joined_in_order(faces: data.Part) -> None:
    both = folds.joined(faces, faces[np.arange(5)])
    assert len(both) == 65
    assert (both.images[60:] == faces.images[:5]).all()
    assert (both.votes[60:] == faces.votes[:5]).all()


def test_figures_are_of_the_faces_with_a_majority(faces: data.Part) -> None:
    scores = np.full((60, 8), 0.02, np.float32)
    scores[np.arange(60), np.arange(60) % 8] = 0.86
    scores[0] = np.roll(scores[0], 1)  # one neutral is named happiness
    faces.votes[1] = 1  # nobody agrees
    found = folds.figures(scores, faces)
    assert found["faces"] == 59
    assert found["accuracy"]["value"] == pytest.approx(58 / 59)
    assert found["recall"]["neutral"]["value"] == pytest.approx(7 / 8)
    assert found["confusion"][0][:2] == [7, 1]
    assert found["calibration_error"] == pytest.approx(abs(58 / 59 - 0.86), abs=1e-3)


def test_no_network_is_scored_on_what_it_saw_and_none_is_trained_twice(
    faces: data.Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    held: list[Any] = []

    def short(
        run: train.ExpressionRun, part: data.Part, shares: Any, weights: Any, valid: None, out: Path
    ) -> None:
        assert len(shares) == len(weights) == len(part)
        assert valid is None  # no epoch is chosen by what it is scored on
        shown.append(part.images)

    def scored(net: Any, images: Any, side: int) -> Any:
        held.append(images)
        return predict_logits(net, images, side)

    monkeypatch.setattr(train, "train", short)
    monkeypatch.setattr(folds, "predict_logits", scored)
    settings = Settings(stages=((64, 1),), batch=8)
    first = folds.run_folds(faces, settings, tmp_path)
    assert len(shown) == len(held) == folds.FOLDS
    for learned, unseen in zip(shown, held, strict=True):
        assert len(learned) + len(unseen) == 60
        assert not (learned[:, None] == unseen[None]).all(axis=(2, 3)).any()
    assert folds.run_folds(faces, settings, tmp_path) == first
    assert len(shown) == folds.FOLDS
    (tmp_path / "fold-2" / "scores.npy").unlink()  # cut off in the third
    folds.run_folds(faces, settings, tmp_path)
    assert len(shown) == folds.FOLDS + 1


def test_processes_share_the_folds(
    faces: data.Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    monkeypatch.setattr(train, "train", lambda *_: trained.append(1))
    settings = Settings(stages=((64, 1),), batch=8)
    assert folds.run_folds(faces, settings, tmp_path, only=(0, 3)) is None
    assert {each.name for each in tmp_path.iterdir()} == {"fold-0", "fold-3"}
    assert folds.run_folds(faces, settings, tmp_path, only=(1, 2, 4)) is None
    found = folds.run_folds(faces, settings, tmp_path)
    assert found is not None
    assert found["faces"] == 60
    assert len(trained) == folds.FOLDS


def test_a_fold_is_trained_and_scored(faces: data.Part, tmp_path: Path) -> None:
    settings = Settings(stages=((64, 1),), batch=8)
    held = folds.fold_of(faces, 1) == 0
    scores = folds.score_fold(faces, held, settings, tmp_path)
    assert scores.shape == (held.sum(), 8)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert (tmp_path / "last.pt").is_file()
    last, _ = train.load_one(tmp_path / "best.pt")
    run = train.begin(settings, faces[~held].images, tmp_path)
    assert run.epoch == 1
    for name, weights in run.average.state_dict().items():
        assert torch.equal(weights, last.state_dict()[name])
    assert (tmp_path / "curves.csv").read_text().count("\n") == 2


def test_each_fold_goes_on_from_the_network_that_has_not_seen_it_either(
    faces: data.Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: dict[str, Path] = {}
    begin = train.begin

    def noted(settings: Settings, images: Any, out: Path, *, start: Path, dlib: None) -> Any:
        started[out.name] = start
        return begin(settings, images, out)

    monkeypatch.setattr(train, "begin", noted)
    monkeypatch.setattr(train, "train", lambda *_: None)
    settings = Settings(stages=((64, 1),), batch=8)
    folds.run_folds(faces, settings, tmp_path / "next", start=tmp_path / "first")
    assert started == {
        f"fold-{fold}": tmp_path / "first" / f"fold-{fold}" / "best.pt"
        for fold in range(folds.FOLDS)
    }


def record_of(settings: Settings, digest: str = "ab") -> dict[str, Any]:
    return {"settings": settings.as_dict(), "data_sha256": digest}


def test_folds_cut_otherwise_are_not_gone_on_from(tmp_path: Path) -> None:
    first, second = Settings(stages=((64, 2),)), Settings(stages=((96, 3), (104, 1)))
    with pytest.raises(SystemExit, match=r"settings\.json is missing"):
        folds.same_folds(tmp_path, record_of(second))
    folds.check_same(tmp_path / "settings.json", record_of(first))
    earlier = folds.same_folds(tmp_path, record_of(second))
    assert folds.stages_of(earlier) == [[64, 2]]
    assert folds.stages_of(record_of(second) | {"start": earlier}) == [[64, 2], (96, 3), (104, 1)]
    for other in (record_of(Settings(seed=2)), record_of(second, "cd")):
        with pytest.raises(SystemExit, match="not the same"):
            folds.same_folds(tmp_path, other)


def test_folds_of_other_settings_are_not_mixed_in(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    folds.check_same(path, record_of(Settings()))
    folds.check_same(path, record_of(Settings()))
    started = record_of(Settings()) | {"start": record_of(Settings())}
    for other in (record_of(Settings(rate=1.0)), record_of(Settings(), "cd"), started):
        with pytest.raises(SystemExit, match="another folder"):
            folds.check_same(path, other)
