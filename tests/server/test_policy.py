from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import ConfigurationError, InputNotFoundError
from mien.server.errors import OffError
from mien.server.policy import Policy


def test_all_but_ethnicity_is_on_without_a_file() -> None:
    policy = Policy.load(None)
    policy.require_attributes(["emotion", "age", "glasses"])
    with pytest.raises(OffError, match=r": ethnicity\."):
        policy.require_attributes(["age", "ethnicity"])
    assert Policy.of({"ethnicity": True}).allows("ethnicity")
    policy.require_gallery()
    policy.require_dialect("face")


TOML = "gallery = false\nemotion = false\n[attributes]\nAge = false\n[dialects]\nface = false\n"
JSON = (
    '{"gallery": false, "emotion": false, "attributes": {"Age": false},'
    ' "dialects": {"face": false}}'
)


@pytest.mark.parametrize(("name", "text"), [("p.toml", TOML), ("p.json", JSON)])
def test_what_is_off_is_refused_by_name(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    policy = Policy.load(tmp_path / name)
    with pytest.raises(OffError, match=r": emotion, age\.") as caught:
        policy.require_attributes(["emotion", "gender", "age"])
    assert (caught.value.status, caught.value.code) == (403, "UnsupportedFeature")
    policy.require_attributes(["gender", "blur"])
    with pytest.raises(OffError, match="faces"):
        policy.require_gallery()
    with pytest.raises(OffError, match="face"):
        policy.require_dialect("face")
    policy.require_dialect("kairos")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.toml", "galery = false", "'galery', which is none of"),
        ("p.toml", 'gallery = "no"', "must be true or false"),
        ("p.toml", "gallery = 0", "must be true or false"),
        ("p.toml", "attributes = false", "must be a table"),
        ("p.toml", "[attributes]\nage = 1", "'age'"),
        ("p.toml", "gallery = ", "cannot be read"),
        ("p.json", "[]", "must be a table"),
        ("p.json", "[" * 60_000, "cannot be read"),
        ("p.json", "\udcff", "cannot be read"),
        ("p.toml", "#" * 70_000, "more than 65536 bytes"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match=message):
        Policy.load(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="cannot be read"):
        Policy.load(tmp_path / "none.toml")


@pytest.mark.parametrize("who", ["local", "all", "none"])
def test_who_may_score_without_a_key(who: str) -> None:
    assert Policy().score_without_key == "local"
    assert Policy.of({"score_without_key": who}).score_without_key == who


@pytest.mark.parametrize("who", [True, False, "", "Local", "everyone", None, ["all"]])
def test_who_is_one_of_three_words(who: object) -> None:
    with pytest.raises(ConfigurationError, match="one of local, all, none"):
        Policy.of({"score_without_key": who})
