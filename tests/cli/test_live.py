"""`mien live`: what it prints, on a terminal and in a pipe; when and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.cli.main import main
from mien.faces import EMOTIONS, Faces, Problem
from mien.pipeline.live import LiveAnswer
from mien.report.live import live_document, live_words
from mien.timecode import Time, parse_rate
from tests.redact.clips import FRAMES, HEIGHT, WIDTH, write_two_people

Live = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with two people."""
    return write_two_people(tmp_path_factory.mktemp("live") / "people.mp4")


@pytest.fixture
def live(capsys: pytest.CaptureFixture[str]) -> Live:
    """Call `mien live` in this process: its exit code, what it printed, what it said of errors."""

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            main(["live", *(str(argument) for argument in arguments)])
        assert isinstance(leaving.value.code, int)
        return leaving.value.code, *capsys.readouterr()

    return call


def test_a_json_document_a_line(live: Live, clip: Path) -> None:
    code, out, err = live(clip, "--json")
    documents = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    numbers = [each["frame"] for each in documents]
    assert numbers == sorted(set(numbers))
    assert documents[-1]["dropped"] == FRAMES - len(documents)
    assert {(each["width"], each["height"]) for each in documents} == {(WIDTH, HEIGHT)}
    assert all(each["latencyMs"] > 0 for each in documents)
    assert [each["time"] for each in documents] == [round(each / 25, 6) for each in numbers]
    last = documents[-1]["faces"]
    assert sorted(face["id"] for face in last) == [0, 1]
    assert all(sum(face["emotion"].values()) == pytest.approx(1, abs=0.005) for face in last)
    assert all(list(face["emotion"]) == list(EMOTIONS) for face in last)


def test_so_many_frames_and_no_more(live: Live, clip: Path) -> None:
    code, out, _ = live(clip, "--json", "--frames", 3, "--emotion", "off", "--profile", "balanced")
    documents = [json.loads(line) for line in out.splitlines()]
    assert (code, len(documents)) == (0, 3)
    assert {key for each in documents for face in each["faces"] for key in face} == {
        *("id", "rectangle", "score"),
    }


def test_a_line_a_second_in_a_pipe_and_the_sum_at_the_end(live: Live, clip: Path) -> None:
    start = time.monotonic()
    code, out, err = live(clip, "--seconds", 1.5)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert time.monotonic() - start < 30
    assert 2 <= len(lines) <= 4
    assert "\r" not in out
    seen = r" *[\d.]+ fps  p95 \d+ ms  dropped \d+  2 faces: [01?] \w+ [\d.]+, [01?] \w+ [\d.]+"
    assert all(re.fullmatch(seen, line) for line in lines[:-1]), lines
    assert re.fullmatch(r"\d+ frames, [\d.]+ a second, p95 \d+ ms, \d+ dropped", lines[-1])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.mp4"], 1, "there is no file 'nothing.mp4'"),
        (["/dev/video98"], 1, "there is no camera /dev/video98"),
        (["98"], 1, "there is no camera /dev/video98"),
        (["https://example.org/live.m3u8"], 2, "'https' addresses cannot be watched"),
        (["rtsp://me:secret@127.0.0.1:9/secret"], 1, "rtsp://127.0.0.1:9 cannot be opened"),
        (["a.mp4", "--frames", "0"], 2, "--frames"),
        (["a.mp4", "--seconds", "0"], 2, "--seconds"),
        ([], 2, "SOURCE"),
    ],
)
def test_what_cannot_be_watched(live: Live, arguments: list[str], code: int, says: str) -> None:
    status, out, err = live(*arguments)
    assert (status, out) == (code, "")
    assert says in err
    assert "secret" not in err
    assert "Traceback" not in err


def test_damage_ends_it_with_its_error(live: Live, clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mkv"
    write_two_people(cut)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    code, out, err = live(cut, "--json")
    assert code == 1
    assert len(out.splitlines()) > 1
    assert "can be read up to" in err


def test_one_line_on_a_terminal(clip: Path) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "mien", "live", str(clip), "--seconds", "1"]
    env = {**os.environ, "COLUMNS": "60"}
    with subprocess.Popen(command, stdout=child, stderr=subprocess.PIPE, env=env) as process:
        os.close(child)
        told = b""
        try:
            while part := os.read(parent, 4096):
                told += part
        except OSError:
            pass  # how the end of a terminal is told
        assert process.wait(30) == 0
    os.close(parent)
    assert told.endswith(b"dropped\r\n")
    lines = told.decode().splitlines()[:-1]  # a \r divides them too
    shown = [line for line in lines if line]
    assert len(shown) >= 2
    assert {len(line) for line in shown} == {59}
    assert told.count(b"\n") == 2


def test_interrupted_it_sums_up(clip: Path) -> None:
    command = [sys.executable, "-u", "-m", "mien", "live", str(clip)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "fps" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.splitlines()[-1].endswith("dropped")
    assert err.strip() == "mien: interrupted; nothing unfinished was kept"


def answer(faces: Faces) -> LiveAnswer:
    return LiveAnswer(7, Time(3, 1 / parse_rate(30)), faces, (640, 360), 0.04215, 2)


def test_a_document_invents_nothing() -> None:
    boxes = np.array([[10.06, 20, 30, 60], [0, 0, 5, 5]])
    emotion = np.array([[0.7, 0.3, 0, 0, 0, 0, 0, 0], [np.nan] * 8])
    faces = Faces(
        boxes,
        np.array([0.91234, 0.5]),
        track_id=np.array([4, -1]),
        emotion=emotion,
        agreement=np.array([0.8, np.nan]),
        measured=np.array([1, 0]),
        problems=(Problem(1, "emotion", "the face is too small"), Problem(1, "agreement", "so")),
    )
    assert live_document(answer(faces)) == {
        "frame": 7,
        "time": 0.1,
        "width": 640,
        "height": 360,
        "latencyMs": 42.1,
        "dropped": 2,
        "faces": [
            {
                "id": 4,
                "rectangle": {"left": 10.1, "top": 20.0, "width": 19.9, "height": 40.0},
                "score": 0.912,
                "emotion": dict.fromkeys(EMOTIONS, 0.0) | {"neutral": 0.7, "happiness": 0.3},
                "agreement": 0.8,
                "measured": True,
            },
            {
                "id": None,
                "rectangle": {"left": 0.0, "top": 0.0, "width": 5.0, "height": 5.0},
                "score": 0.5,
                "reason": "the face is too small",
                "measured": False,
            },
        ],
    }
    assert live_words(faces) == "2 faces: 4 neutral 0.80, ? -"


def test_a_document_of_nobody() -> None:
    assert live_document(answer(Faces.empty()))["faces"] == []
    assert live_words(Faces.empty()) == "no face"


def test_a_document_without_expressions() -> None:
    faces = Faces(np.array([[0, 0, 5, 5]]), np.ones(1), track_id=np.array([0]))
    (face,) = live_document(answer(faces))["faces"]
    assert face.keys() == {"id", "rectangle", "score"}
    assert live_words(faces) == "1 face: 0 -"
