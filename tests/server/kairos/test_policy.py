"""What the operator has switched off, in the API of Kairos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server.inside import inside
from tests.server.kairos.client import Client, in_base64, new_key
from tests.server.kairos.test_errors import CALLS, picture


@contextmanager
def under(folder: Path, policy: str) -> Iterator[Client]:
    """A client of a service with this policy."""
    file = folder / "policy.toml"
    file.write_text(policy, encoding="utf-8")
    with (
        inside(folder, policy=file) as service,
        Client(service.url, new_key(service.storage, "policy")) as client,
    ):
        yield client


def test_without_a_gallery_faces_are_still_detected(tmp_path: Path) -> None:
    with under(tmp_path, "gallery = false") as client:
        for path, values in {**CALLS, "/gallery/list_all": {}}.items():
            if path == "/detect":
                continue
            status, code, text = client.fails(path, **values)
            assert (status, code) == (200, 5011), path
            assert "switched off" in text
        (image,) = client.post("/detect", image=in_base64(picture()))["images"]
    assert len(image["faces"]) == 1


def test_the_dialect_as_a_whole(tmp_path: Path) -> None:
    with under(tmp_path, "[dialects]\nkairos = false") as client:
        status, code, text = client.fails("/detect", image=in_base64(picture()))
    assert (status, code) == (403, 3003)
    assert "switched off" in text


@pytest.mark.parametrize(
    ("attribute", "gone"),
    [
        ("age", {"age"}),
        ("gender", {"gender"}),
        ("glasses", {"glasses"}),
        ("lips", {"lips"}),
    ],
)
def test_attributes_that_are_off_are_left_out(
    tmp_path: Path, attribute: str, gone: set[str]
) -> None:
    everything = {"age", "gender", "glasses", "lips"}
    with under(tmp_path, f"[attributes]\n{attribute} = false") as client:
        image = in_base64(picture())
        (seen,) = client.post("/detect", image=image)["images"]
        (stored,) = client.post("/enroll", image=image, gallery_name="g", subject_id="s")["images"]
    assert set(seen["faces"][0]["attributes"]) == everything - gone
    assert set(stored["attributes"]) == everything - gone


def test_pose_and_landmarks_that_are_off_are_left_out(tmp_path: Path) -> None:
    pose = {"yaw", "pitch", "roll"}
    with under(tmp_path, "[attributes]\nheadPose = false\nfaceLandmarks = true") as client:
        (seen,) = client.post("/detect", image=in_base64(picture()))["images"]
    assert not pose & seen["faces"][0].keys()
    assert {"chinTipX", "chinTipY"} <= seen["faces"][0].keys()
    (tmp_path / "again").mkdir()
    with under(tmp_path / "again", "[attributes]\nfaceLandmarks = false") as client:
        (seen,) = client.post("/detect", image=in_base64(picture()))["images"]
    assert pose <= seen["faces"][0].keys()
    assert not any(name.endswith(("X", "Y")) for name in seen["faces"][0].keys() - BOX)


BOX = {"topLeftX", "topLeftY"}


def test_no_policy_brings_ethnicity(tmp_path: Path) -> None:
    """No model here tells it."""
    with under(tmp_path, "ethnicity = true") as client:
        (seen,) = client.post("/detect", image=in_base64(picture()))["images"]
    told = seen["faces"][0]["attributes"]
    assert not {"asian", "hispanic", "black", "white", "other", "liveness"} & told.keys()
