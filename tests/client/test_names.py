"""Names that a service gives, as names of files here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.client.names import LONGEST, safe_name


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("foo_annotations.json", "foo_annotations.json"),
        ("Übung ünd 日本.mp4", "Übung ünd 日本.mp4"),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("/etc/passwd", "_etc_passwd"),
        ("C:\\windows\\x.dll", "C__windows_x.dll"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        ("   ", "_"),
        (".bashrc", "_bashrc"),
        ("con", "_con"),
        ("NUL.mp4", "_NUL.mp4"),
        ("a\0b\nc", "a_b_c"),
        ("evil\u202egpj.exe", "evil_gpj.exe"),
        ("name. ", "name"),
        ("half\ud800", "half_"),
    ],
)
def test_nothing_leads_out_of_the_folder(given: str, safe: str, tmp_path: Path) -> None:
    assert safe_name(given) == safe
    (tmp_path / safe).write_text("")
    assert [path.name for path in tmp_path.iterdir()] == [safe]


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_name("ü" * 500 + ".mp4")
    assert len(name.encode()) <= LONGEST
    assert name.endswith("ü.mp4")
    assert len(safe_name("." * 500 + "x" * 500).encode()) <= LONGEST
