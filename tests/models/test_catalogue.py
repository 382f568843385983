from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mien.errors import ConfigurationError, UnknownModelError
from mien.models import card, entries, entry, state_of
from mien.models.catalogue import Member, Packaged, Url

NAMES = [
    *("centerface", "blazeface-full-range", "blazeface-full-range-sparse", "blazeface-short-range"),
    *("face-mesh", "iris", "dlib-resnet", "dlib-resnet-batch"),
    *("age", "gender", "emotion", "attributes"),
    *("sample-carphone", "sample-bikes", "sample-bunny", "sample-astronaut"),
]

GOOD = {
    "kind": '"model"',
    "url": '"https://example.org/x.onnx"',
    "file": '"x.onnx"',
    "sha256": f'"{"a" * 64}"',
    "size": "1",
    "licence": '"MIT"',
}


def test_it_has_every_model_the_other_parts_ask_for() -> None:
    assert set(NAMES) <= entries().keys()


def test_what_mien_needs_comes_from_the_package_index_or_with_mien() -> None:
    for model in entries().values():
        if model.opt_in:
            continue
        assert isinstance(model.source, Member | Packaged)
        assert not isinstance(model.source, Member) or model.source.archive.url is None


def test_models_of_others_are_opt_in() -> None:
    away = {
        model.name
        for model in entries().values()
        if isinstance(model.source, Url)
        or (isinstance(model.source, Member) and model.source.archive.url)
    }
    assert away == {name for name, model in entries().items() if model.opt_in}
    assert {"yunet", "sface", "ferplus"} < away


def test_weights_that_come_with_mien_are_those_of_the_catalogue() -> None:
    packaged = [model for model in entries().values() if isinstance(model.source, Packaged)]
    assert [model.name for model in packaged] == ["emotion", "attributes"]
    for model in packaged:
        assert model.sha256
        assert state_of(model) == "ready"


@pytest.mark.parametrize("name", NAMES)
def test_every_card_tells_source_licence_and_input(name: str) -> None:
    text, model = card(name), entry(name)
    assert text.startswith(f"# {name}\n")
    assert str(model.source) in text
    assert model.licence in text
    assert model.sha256 in text
    if model.kind == "model":
        assert model.input is not None
        assert model.input in text
        assert "**Output**" in text or "See `" in text
    for label in model.labels:
        assert label in text


@pytest.mark.parametrize(
    "name", ["centerface", "face-mesh", "dlib-resnet", "age", "gender", "emotion", "attributes"]
)
def test_cards_say_what_a_model_is_bad_at(name: str) -> None:
    assert "**Weak sides.**" in card(name)


def test_the_card_of_the_embedding_gives_its_thresholds() -> None:
    text = card("dlib-resnet")
    for value in ("0.544", "91.2 %", "0.532", "93.2 %", "L2"):
        assert value in text


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'centreface'.*centerface"):
        entry("centreface")
    with pytest.raises(LookupError):
        card("../../etc/passwd")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"file": '"../x.onnx"'}, "plain file name"),
        ({"file": '"a/b"'}, "plain file name"),
        ({"file": '".."'}, "plain file name"),
        ({"sha256": '"abc"'}, "64 hexadecimal digits"),
        ({"sha256": f'"{"A" * 64}"'}, "64 hexadecimal digits"),
        ({"size": "0"}, "size must be positive"),
        ({"size": "-5"}, "size must be positive"),
        ({"kind": '"program"'}, "kind must be model or media"),
        ({"url": '"file:///etc/passwd"'}, "only http and https"),
        ({"url": '"ftp://example.org/x"'}, "only http and https"),
        ({"licence": None}, "licence"),
        ({"sha256": None}, "64 hexadecimal digits"),
        ({"url": None}, "package"),
        ({"url": None, "archive": '"none"', "member": '"x"'}, "none"),
        ({"speed": "9"}, "speed"),
    ],
)
def test_a_catalogue_that_breaks_its_rules_is_refused(
    change: dict[str, str | None], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {key: value for key, value in (GOOD | change).items() if value is not None}
    path = tmp_path / "more.toml"
    path.write_text("[entries.x]\n" + "\n".join(f"{k} = {v}" for k, v in fields.items()))
    monkeypatch.setenv("MIEN_CATALOGUE", str(path))
    with pytest.raises(ConfigurationError, match=reason):
        entries()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[entries", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"", "entries"),
        (b"entries = 3", "breaks its rules"),
        (b"[entries.'../x']\npath = 'x'\n", "breaks its rules"),
        (
            b"[entries.gender]\npackage='x'\nkind='model'\nfile='x'\nlicence='x'\n",
            "redefine gender",
        ),
        (b"[archives.x]\nfile='x'\nsha256='" + b"a" * 64 + b"'\nsize=1\n[entries]\n", "needed"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(
    text: bytes, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "more.toml"
    path.write_bytes(text)
    monkeypatch.setenv("MIEN_CATALOGUE", str(path))
    with pytest.raises(ConfigurationError, match=reason):
        entries()


def test_a_catalogue_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_CATALOGUE", "/nowhere/more.toml")
    with pytest.raises(ConfigurationError, match="No such file"):
        entries()


def test_importing_the_store_loads_no_runtime_and_nothing_of_the_network() -> None:
    heavy = "{'onnxruntime', 'ai_edge_litert', 'onnx', 'urllib.request', 'subprocess'}"
    code = f"import sys, mien.models; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_guide_names_every_file_a_mirror_must_have() -> None:
    guide = (Path(__file__).parents[2] / "docs/how_to/models.md").read_text(encoding="utf-8")
    sources = [model.source for model in entries().values()]
    files = {source.archive.file for source in sources if isinstance(source, Member)}
    assert {file for file in files if file not in guide} == {"buffalo_l.zip"}
