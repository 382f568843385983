"""Detect, enroll, verify, recognize with real pictures."""

from __future__ import annotations

import re
import time

import cv2
import numpy as np
import pytest

from mien.server.dialects.kairos import answers
from tests.server import people
from tests.server.kairos.client import Client, failure, in_base64
from tests.server.web import Web


def test_detect_tells_where_a_face_is_and_how_it_looks(kairos: Client, web: Web) -> None:
    found = kairos.post("/detect", image=web.url("woman.jpg"), selector="ROLL")
    answers.Detected.model_validate(found)
    (image,) = found["images"]
    assert {name: image[name] for name in ("status", "width", "height", "file")} == {
        "status": "Complete",
        "width": 480,
        "height": 480,
        "file": "woman.jpg",
    }
    (face,) = image["faces"]
    assert face["face_id"] == 1
    assert face["attributes"]["gender"] == {"type": "F"}
    assert 20 <= face["attributes"]["age"] <= 45
    assert face["attributes"]["glasses"] == "None"
    assert face["attributes"]["lips"] == "Apart"  # she laughs
    assert set(face["attributes"]) == {"lips", "gender", "age", "glasses"}
    assert 0.9 < face["confidence"] <= 1
    assert 0.5 < face["quality"] <= 1
    left, right = face["leftEyeCenterX"], face["rightEyeCenterX"]
    assert face["topLeftX"] < right < left < face["topLeftX"] + face["width"]
    assert face["topLeftY"] < face["leftEyeCenterY"] < face["chinTipY"]
    assert all(isinstance(face[name], int) for name in ("yaw", "pitch", "roll", "chinTipX"))


def test_roll_is_positive_for_a_head_that_leans_to_the_right_of_the_picture(
    kairos: Client,
) -> None:
    """The sign of the samples: eyes to chin lean as `roll` says."""
    picture = cv2.imdecode(np.frombuffer(people.woman(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    for angle in (-20, 20):  # as seen; OpenCV counts the other way round
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
        turned = people.jpeg(cv2.warpAffine(picture, turn, (width, height)))
        (image,) = kairos.post("/detect", image=in_base64(turned))["images"]
        (face,) = image["faces"]
        eyes_x = (face["leftEyeCenterX"] + face["rightEyeCenterX"]) / 2
        assert np.sign(face["roll"]) == np.sign(eyes_x - face["chinTipX"]) == np.sign(angle)
        assert "file" not in image


def test_several_faces_are_counted_from_the_largest(kairos: Client) -> None:
    (image,) = kairos.post("/detect", image=in_base64(people.both()))["images"]
    first, second = image["faces"]
    assert [first["face_id"], second["face_id"]] == [1, 2]
    assert first["width"] * first["height"] > second["width"] * second["height"]


def test_small_heads_are_left_out(kairos: Client) -> None:
    """`minHeadScale` is the longer side of a face to the longer side of the picture."""
    picture = in_base64(people.both())
    (image,) = kairos.post("/detect", image=picture)["images"]
    first, second = (
        max(face["width"], face["height"]) / max(image["width"], image["height"])
        for face in image["faces"]
    )
    between = (first + second) / 2
    (image,) = kairos.post("/detect", image=picture, minHeadScale=between)["images"]
    assert len(image["faces"]) == 1
    assert kairos.fails("/detect", image=picture, minHeadScale="0.5")[1] == 5002


@pytest.mark.parametrize("selector", ["frontal", "ROLL", "Full, SETPOSE", "EYES", ""])
def test_every_selector_answers_the_same(kairos: Client, selector: str) -> None:
    picture = in_base64(people.man())
    plain = kairos.post("/detect", image=picture)
    assert kairos.post("/detect", image=picture, selector=selector) == plain


def test_the_four_ways_to_send_a_picture(kairos: Client, web: Web) -> None:
    data = people.woman()
    plain = in_base64(data)
    wrapped = re.sub("(.{76})", "\\1\r\n", plain)
    found = [
        kairos.post("/detect", image=image)
        for image in (
            *(plain, wrapped, plain.rstrip("=")),
            *(f"data:image/jpeg;base64,{plain}", f" {web.url('woman.jpg')} "),
        )
    ]
    for files, values in (
        ({"image": ("woman.jpg", data, "image/jpeg")}, {}),
        ({}, {"image": plain}),
        ({}, {"image": web.url("woman.jpg")}),
    ):
        form = {name: (None, value) for name, value in values.items()} | files
        found.append(kairos.http.post("/detect", files=form).json())
    names = [each["images"][0].pop("file", None) for each in found]
    assert all(each == found[0] for each in found)
    assert names == [None, None, None, None, "woman.jpg", "woman.jpg", None, "woman.jpg"]


def test_a_png_is_read(kairos: Client) -> None:
    picture = cv2.imdecode(np.frombuffer(people.man(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    found = kairos.post("/detect", image=in_base64(people.encoded(picture, ".png")))
    assert len(found["images"][0]["faces"]) == 1


def test_enroll_verify_recognize(kairos: Client) -> None:
    before = time.time() * 1000
    enrolled = kairos.post(
        "/enroll", image=in_base64(people.woman()), subject_id="Elizabeth", gallery_name="My G"
    )
    after = time.time() * 1000
    answers.EnrollAnswer.model_validate(enrolled)
    assert re.fullmatch("[0-9a-f]{20}", enrolled["face_id"])
    (image,) = enrolled["images"]
    transaction = image["transaction"]
    assert (transaction["status"], transaction["face_id"]) == ("success", 1)
    assert (transaction["subject_id"], transaction["gallery_name"]) == ("Elizabeth", "My G")
    assert before - 1 <= int(transaction["timestamp"]) <= after
    assert image["attributes"]["gender"] == {"type": "F"}

    verified = kairos.post(
        "/verify", image=in_base64(people.woman(1)), subject_id="Elizabeth", gallery_name="My G"
    )
    answers.VerifyAnswer.model_validate(verified)
    (image,) = verified["images"]
    assert image["transaction"]["status"] == "success"
    assert image["transaction"]["confidence"] > 0.6
    stranger = kairos.post(
        "/verify", image=in_base64(people.man()), subject_id="Elizabeth", gallery_name="My G"
    )
    (image,) = stranger["images"]
    assert image["transaction"]["status"] == "success"  # whoever it is: the confidence tells
    assert image["transaction"]["confidence"] < 0.5

    recognized = kairos.post("/recognize", image=in_base64(people.woman(2)), gallery_name="My G")
    answers.RecognizeAnswer.model_validate(recognized)
    (image,) = recognized["images"]
    (candidate,) = image["candidates"]
    assert candidate["subject_id"] == image["transaction"]["subject_id"] == "Elizabeth"
    assert candidate["confidence"] == image["transaction"]["confidence"] > 0.6
    assert candidate["enrollment_timestamp"] == transaction["timestamp"]
    assert kairos.fails("/recognize", image=in_base64(people.man()), gallery_name="My G") == (
        *(200, 5012, "no match found"),
    )
    kairos.post("/gallery/remove", gallery_name="My G")


def test_each_face_of_a_picture_is_recognized(kairos: Client) -> None:
    picture = in_base64(people.both())
    kairos.post("/enroll", image=in_base64(people.man()), subject_id="He", gallery_name="each")
    found = kairos.post("/recognize", image=picture, gallery_name="each")
    answers.RecognizeAnswer.model_validate(found)
    he, she = found["images"]
    assert he["transaction"]["subject_id"] == "He"
    assert she["transaction"]["status"] == "failure"
    assert she["transaction"]["message"] == "no match found"
    assert "candidates" not in she
    assert [each["transaction"]["face_id"] for each in (he, she)] == [1, 2]
    kairos.post("/enroll", image=in_base64(people.woman()), subject_id="She", gallery_name="each")
    found = kairos.post("/recognize", image=picture, gallery_name="each")
    assert [each["transaction"]["subject_id"] for each in found["images"]] == ["He", "She"]


def test_threshold_and_number_of_results(kairos: Client) -> None:
    for subject, picture in (("She", people.woman()), ("He", people.man())):
        kairos.post("/enroll", image=in_base64(picture), subject_id=subject, gallery_name="t")
    query = in_base64(people.woman(1))

    def found(**bounds: float | str) -> list[str]:
        (image,) = kairos.post("/recognize", image=query, gallery_name="t", **bounds)["images"]
        return [each["subject_id"] for each in image["candidates"]]

    assert found() == found(threshold=0.6, max_num_results=10) == ["She"]
    assert found(threshold=0) == ["She", "He"]
    assert found(threshold="0", max_num_results="1") == ["She"]
    assert kairos.fails("/recognize", image=query, gallery_name="t", threshold=1)[1] == 5012


def test_all_faces_of_a_picture_are_enrolled_only_when_that_is_asked(kairos: Client) -> None:
    values = {"image": in_base64(people.both()), "subject_id": "They", "gallery_name": "m"}
    assert kairos.fails("/enroll", **values) == (200, 5010, "too many faces in image")
    assert kairos.fails("/enroll", **values, multiple_faces=False)[1] == 5010
    assert kairos.post("/gallery/list_all")["gallery_ids"].count("m") == 0
    found = kairos.post("/enroll", **values, multiple_faces="true")
    assert [each["transaction"]["face_id"] for each in found["images"]] == [1, 2]
    stored = kairos.post("/gallery/view_subject", gallery_name="m", subject_id="They")["face_ids"]
    assert len(stored) == 2
    assert stored[0]["face_id"] == found["face_id"]
    assert kairos.fails("/verify", **values) == (200, 5010, "too many faces in image")


def test_a_file_is_enrolled_with_its_names_in_the_form(kairos: Client) -> None:
    answer = kairos.http.post(
        "/enroll",
        data={"subject_id": "Größe", "gallery_name": "日本", "minHeadScale": ".015"},
        files={"image": ("x.jpg", people.man(), "image/jpeg")},
    )
    assert answer.json()["images"][0]["transaction"]["subject_id"] == "Größe"
    assert kairos.post("/gallery/view", gallery_name="日本")["subject_ids"] == ["Größe"]
    wrong = kairos.http.post("/enroll", data={"subject_id": "x"}, files={"image": b"x"})
    assert failure(wrong)[:2] == (200, 1002)
