from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.attributes.faces import FACE_SIDE, FACES_A_SIDE, face_pixels
from training.attributes.labelling import KEYS, MOST_BYTES, SHOWN_SIDE, USUAL, Server, Session
from training.attributes.labels import ATTRIBUTES, read_pass

JSON = {"Content-Type": "application/json"}
ROW = {name: values[0] for name, values in ATTRIBUTES.items()}
FACES = (257, 3, 40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sheets whose faces are of one colour each: the number of the face."""
    a_sheet = FACES_A_SIDE**2
    for number in range(2):
        faces = number * a_sheet + np.arange(a_sheet).reshape(FACES_A_SIDE, FACES_A_SIDE)
        pixels = np.stack([faces % 256, faces // 256, 0 * faces], axis=2).astype(np.uint8)
        pixels = pixels.repeat(FACE_SIDE, axis=0).repeat(FACE_SIDE, axis=1)
        Image.fromarray(pixels).save(tmp_path / f"{number:03}.webp", lossless=True)
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with Server(Session(folder, FACES, folder / "out.csv"), 0) as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def ask(
    server: Server, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, str, bytes]:
    sent = (JSON if method == "POST" else {}) | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    got = answer.status, answer.headers["Content-Type"], answer.read()
    connection.close()
    return got


def label(server: Server, face: object, labels: object) -> int:
    return ask(server, "POST", "/label", json.dumps({"face": face, "labels": labels}))[0]


def test_a_face_is_cut_from_its_place(folder: Path) -> None:
    assert face_pixels(folder, 257)[0, 0].tolist() == [1, 1, 0]
    assert face_pixels(folder, 40).shape == (FACE_SIDE, FACE_SIDE, 3)
    with pytest.raises(FileNotFoundError):
        face_pixels(folder, 512)


def test_the_page_its_state_and_its_pictures(server: Server, tmp_path: Path) -> None:
    status, kind, page = ask(server, "GET", "/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert b'fetch("/state")' in page
    state = json.loads(ask(server, "GET", "/state")[2])
    assert state["faces"] == list(FACES)
    assert state["labels"] == {}
    assert state["attributes"].keys() == state["keys"].keys() == ATTRIBUTES.keys()
    status, kind, png = ask(server, "GET", "/face/257")
    assert (status, kind) == (200, "image/png")
    (tmp_path / "got.png").write_bytes(png)
    with Image.open(tmp_path / "got.png") as picture:
        assert picture.size == (SHOWN_SIDE, SHOWN_SIDE)
        assert picture.getpixel((9, 9)) == (1, 1, 0)


def test_a_label_is_in_the_file_at_once_and_can_be_changed(server: Server) -> None:
    out = server.session.out
    assert label(server, 3, ROW) == 200
    assert read_pass(out) == {3: ROW}
    assert label(server, 257, ROW | {"age": "unsure"}) == 200
    assert label(server, 3, ROW | {"smile": "1"}) == 200
    assert read_pass(out) == {3: ROW | {"smile": "1"}, 257: ROW | {"age": "unsure"}}
    assert list(json.loads(ask(server, "GET", "/state")[2])["labels"]) == ["3", "257"]


def test_a_session_is_taken_up_again(folder: Path) -> None:
    first = Session(folder, FACES, folder / "out.csv")
    first.label(40, ROW)
    again = Session(folder, FACES, folder / "out.csv")
    assert again.rows == {40: ROW}
    again.label(3, ROW)
    assert read_pass(folder / "out.csv").keys() == {40, 3}
    with pytest.raises(ValueError, match=r"not in this pass: \[40\]"):
        Session(folder, (3, 257), folder / "out.csv")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "[" * 50_000,  # nested deeper than Python goes
        json.dumps({"face": 3}),
        json.dumps({"face": "3", "labels": ROW}),
        json.dumps({"face": True, "labels": ROW}),
        json.dumps({"face": 5, "labels": ROW}),  # not in this pass
        json.dumps({"face": 3, "labels": ROW | {"smile": "2"}}),
        json.dumps({"face": 3, "labels": ROW | {"smile": 1}}),
        json.dumps({"face": 3, "labels": ROW | {"smile": ["1"]}}),
        json.dumps({"face": 3, "labels": ROW | {"hat": "1"}}),
        json.dumps({"face": 3, "labels": {"smile": "1"}}),
        " " * MOST_BYTES + json.dumps({"face": 3, "labels": ROW}),
    ],
)
def test_what_is_no_label_is_refused_and_nothing_is_written(server: Server, body: str) -> None:
    status, _, answer = ask(server, "POST", "/label", body)
    assert status == 400
    assert json.loads(answer)["error"]
    assert not server.session.out.exists()
    assert label(server, 3, ROW) == 200  # and it still serves


def test_labels_that_cannot_be_written_are_not_said_to_be_kept(server: Server) -> None:
    server.session.out.mkdir()
    assert label(server, 3, ROW) == 500
    assert server.session.rows == {}


@pytest.mark.parametrize("path", ["/face/5", "/face/", "/face/x", "/face/../out.csv", "/other"])
def test_what_is_not_there(server: Server, path: str) -> None:
    assert ask(server, "GET", path)[0] == 404


def test_only_the_page_on_this_machine_is_served(server: Server) -> None:
    body = json.dumps({"face": 3, "labels": ROW})
    assert ask(server, "GET", "/state", Host="example.com:80")[0] == 403
    assert ask(server, "POST", "/label", body, Content_Type="text/plain")[0] == 403
    assert not server.session.out.exists()
    assert server.server_address[0] == "127.0.0.1"


def test_each_attribute_has_a_key_of_its_own_and_usual_values_are_values() -> None:
    assert KEYS.keys() == ATTRIBUTES.keys()
    assert len(set(KEYS.values())) == len(KEYS)
    assert all(value in ATTRIBUTES[name] for name, value in USUAL.items())
