"""The command line around its commands: help, interruption, start-up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.cli.main import COMMANDS
from mien.models import file_of
from tests.end_to_end.conftest import Run


def test_help_and_version_need_no_model(run: Run) -> None:
    assert "analyze" in run("--help").out
    assert run("--version").out.startswith("mien, version ")
    assert run("paint").code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(run: Run, name: str) -> None:
    outcome = run(name, "--help")
    assert outcome.code == 0
    assert "Example" in outcome.out


def test_importing_mien_loads_nothing_heavy() -> None:
    code = "import mien, sys; print([m for m in ('cv2', 'av', 'onnxruntime') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_verify_tells_one_person_from_another(run: Run, tmp_path: Path) -> None:
    photo = file_of("sample-astronaut")
    assert run("verify", photo, photo).out.startswith("the same person")
    outcome = run("verify", "--json", photo, photo)
    assert json.loads(outcome.out)["isIdentical"] is True


def test_verify_of_the_family(run: Run, shared_media: Path) -> None:
    for first, second, same in [
        ("Family1-Dad1.jpg", "Family1-Dad2.jpg", True),
        ("Family1-Mom1.jpg", "Family1-Mom2.jpg", True),
        ("Family1-Dad1.jpg", "Family2-Man1.jpg", False),
        ("Family1-Mom1.jpg", "Family2-Lady1.jpg", False),
    ]:
        outcome = run("verify", "--json", shared_media / first, shared_media / second)
        assert json.loads(outcome.out)["isIdentical"] is same, (first, second)


def test_verify_without_a_face_says_so(run: Run, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((64, 64, 3), 90, np.uint8))
    outcome = run("verify", blank, file_of("sample-astronaut"))
    assert outcome.code == 1
    assert "there is no face" in outcome.err
    assert "blank.png" in outcome.err


def test_doctor_finds_this_machine_well(run: Run) -> None:
    outcome = run("doctor", "--json")
    findings = json.loads(outcome.out)
    assert outcome.code == 0, findings
    assert {finding["state"] for finding in findings} <= {"ok", "missing"}
    states = {finding["subject"]: finding["state"] for finding in findings}
    assert states["onnxruntime"] == "ok"
    assert states["centerface"] in ("ok", "missing")


def has_open(pid: int, path: Path) -> bool:
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            if os.readlink(f"/proc/{pid}/fd/{number}") == str(path.resolve()):
                return True
    return False


def until_opened(process: subprocess.Popen[str], path: Path) -> None:
    """Wait until a process works on a file."""
    end = time.monotonic() + 60
    while not has_open(process.pid, path):
        assert process.poll() is None, "it ended before it could be interrupted"
        assert time.monotonic() < end, "it never opened the file"
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc to look into")
def test_an_interrupt_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    command = [sys.executable, "-m", "mien", "analyze", str(file_of("sample-bikes"))]
    with subprocess.Popen(
        [*command, "-o", str(result), "--profile", "accurate"], stderr=subprocess.PIPE, text=True
    ) as process:
        until_opened(process, file_of("sample-bikes"))
        time.sleep(0.5)  # into the middle of it
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "interrupted" in told
    assert os.listdir(tmp_path) == []
