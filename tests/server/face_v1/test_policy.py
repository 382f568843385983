"""What the operator has switched off is answered 403, whatever else is wrong with the request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mien.report.face_api import ATTRIBUTES
from mien.server.dialects.face_v1.operations import operations
from mien.server.policy import Policy
from tests.server import people
from tests.server.inside import inside

OCTETS = {"Content-Type": "application/octet-stream"}
GUID = "c5c24a82-6845-4031-9d5d-978df9175426"


def policy(folder: Path, text: str) -> Path:
    file = folder / "policy.toml"
    file.write_text(text)
    return file


def off(answer: Any) -> str:
    """The message of a refusal by the policy."""
    assert answer.status_code == 403, answer.text
    assert answer.json()["error"]["code"] == "UnsupportedFeature"
    return str(answer.json()["error"]["message"])


def test_an_attribute_that_is_off(tmp_path: Path) -> None:
    file = policy(tmp_path, "emotion = false\n[attributes]\nage = false\n")
    with inside(tmp_path, policy=file) as service:
        client = service.client("a")

        def detect(attributes: str) -> Any:
            params = {"returnFaceAttributes": attributes}
            return client.post("detect", params=params, content=people.woman(), headers=OCTETS)

        assert "emotion" in off(detect("gender,emotion"))
        assert "age" in off(detect("Age"))
        answer = detect("gender,blur")
        assert answer.status_code == 200
        assert set(answer.json()[0]["faceAttributes"]) == {"gender", "blur"}


def test_without_a_gallery_faces_are_found_and_not_kept(tmp_path: Path) -> None:
    with inside(tmp_path, policy=policy(tmp_path, "gallery = false\n")) as service:
        client = service.client("a")
        picture: dict[str, Any] = {"content": people.woman(), "headers": OCTETS}
        off(client.post("detect", **picture))
        answer = client.post("detect", params={"returnFaceId": "false"}, **picture)
        assert answer.status_code == 200
        assert set(answer.json()[0]) == {"faceRectangle"}


BODIES: dict[str, Any] = {
    "Face_FindSimilar": {"faceId": GUID, "faceIds": [GUID]},
    "Face_Group": {"faceIds": [GUID, GUID]},
    "Face_Identify": {"faceIds": [GUID], "personGroupId": "family"},
    "Face_Verify": {"faceId1": GUID, "faceId2": GUID},
    "Snapshot_Take": {"type": "FaceList", "objectId": "family", "applyScope": [GUID]},
    "Snapshot_Update": {"userData": "x"},
    "Snapshot_Apply": {"objectId": "family"},
}


def test_without_a_gallery_no_other_operation_answers(tmp_path: Path) -> None:
    with inside(tmp_path, policy=policy(tmp_path, "gallery = false\n")) as service:
        client = service.client("a")
        for each in operations():
            if each.name == "Face_Detect":
                continue
            path = each.path
            for name in ("faceListId", "largeFaceListId", "personGroupId", "largePersonGroupId"):
                path = path.replace(f"{{{name}}}", "family")
            for name in ("personId", "persistedFaceId", "snapshotId", "operationId"):
                path = path.replace(f"{{{name}}}", GUID)
            if each.octets:
                request: dict[str, Any] = {"content": people.woman(), "headers": OCTETS}
            else:
                body = BODIES.get(each.name, {"name": "x", "userData": "y"})
                request = {"json": body} if each.body is not None else {}
            assert "switched off" in off(client.request(each.method, path[1:], **request))


def test_a_dialect_that_is_off(tmp_path: Path) -> None:
    with inside(tmp_path, policy=policy(tmp_path, "[dialects]\nface = false\n")) as service:
        off(service.client("a").get("facelists"))


def test_every_attribute_can_be_switched_off_alone(tmp_path: Path) -> None:
    for at, attribute in enumerate(sorted(ATTRIBUTES)):
        folder = tmp_path / str(at)
        folder.mkdir()
        file = policy(folder, f"[attributes]\n{attribute} = false\n")
        loaded = Policy.load(file)
        assert [name for name in ATTRIBUTES if not loaded.allows(name)] == [attribute]
    with inside(tmp_path, policy=file) as service:  # the last one: smile
        client = service.client("a")
        for asked, status in (("smile", 403), ("Smile,age", 403), ("glasses,age", 200)):
            params = {"returnFaceAttributes": asked}
            answer = client.post("detect", params=params, content=people.woman(), headers=OCTETS)
            assert answer.status_code == status
        assert "smile" in off(client.post("detect?returnFaceAttributes=smile", content=b"x"))


def test_what_no_model_backs_is_a_bad_argument_and_no_matter_of_policy(tmp_path: Path) -> None:
    with inside(tmp_path) as service:
        client = service.client("a")
        for attribute in ("ethnicity", "x"):
            params = {"returnFaceAttributes": attribute}
            answer = client.post("detect", params=params, content=people.woman(), headers=OCTETS)
            assert answer.status_code == 400
            error = answer.json()["error"]
            assert error["code"] == "BadArgument"
            assert error["message"].startswith("Invalid argument returnFaceAttributes. Supported")
