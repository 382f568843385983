"""The page of operations: its examples are what is taken and answered, and the docs have them."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from mien.server.dialects.media_v1 import answers, bodies, examples
from mien.server.dialects.media_v1.operations import OPERATIONS, PAGE
from mien.server.openapi import document
from mien.server.webhooks import signature
from tests.server.live import Live, ask

DOCS = Path(__file__).resolve().parents[3] / "docs/reference/media_api.md"


@pytest.mark.parametrize("name", sorted(examples.BODIES))
def test_the_example_of_a_body_is_one(name: str) -> None:
    getattr(bodies, name).model_validate(examples.BODIES[name])


@pytest.mark.parametrize("name", sorted(examples.ANSWERS))
def test_the_example_of_an_answer_is_one(name: str) -> None:
    told = getattr(answers, name).model_validate(examples.ANSWERS[name])
    assert told.model_dump(by_alias=True).keys() == examples.ANSWERS[name].keys()


def test_every_operation_is_on_the_page_and_in_the_docs() -> None:
    page = document(PAGE, OPERATIONS)
    text = DOCS.read_text()
    told = set(re.findall(r"`?(/[\w{}/]+)", text.replace("…/files", "/assets/{assetId}/files")))
    for operation in OPERATIONS:
        assert operation.method.lower() in page["paths"][operation.path]
        assert operation.path in told, f"{operation.path} is not in {DOCS.name}"


def test_the_socket_is_on_the_page_as_what_it_answers_to_a_request(live: Live, key: str) -> None:
    page = ask(live.url, "GET", "/docs/media.json").json
    shown = page["paths"]["/live"]["get"]
    assert {"101", "426", "503"} <= shown["responses"].keys()
    assert "WebSocket" in shown["summary"]
    assert "/live`" in DOCS.read_text()
    answer = ask(live.url, "GET", "/media/v1/live", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status, answer.code) == (426, "UpgradeRequired")
    assert answer.headers["upgrade"] == "websocket"


def test_a_receiver_knows_a_message_as_the_docs_have_it() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)
    key, body = bytes(range(64)), b'{"MessageVersion": "1.1"}'
    shown, signed = base64.b64encode(key).decode(), signature(key, body)
    assert names["is_genuine"](body, signed, shown)
    assert not names["is_genuine"](body + b" ", signed, shown)
    assert not names["is_genuine"](body, signed, base64.b64encode(key[::-1]).decode())
    assert not names["is_genuine"](body, "", shown)


def test_every_code_of_a_refusal_is_in_the_docs() -> None:
    from mien.server.dialects.media_v1.errors import STATUSES

    for _, code in STATUSES.values():
        assert f"`{code}`" in DOCS.read_text(), code


def test_every_code_of_a_failed_task_is_in_the_docs() -> None:
    from mien.jobs import Code

    never = {Code.CANCELING, Code.TRANSIENT}  # a cancel cannot fail, and what passes is tried again
    for code in set(Code) - never:
        assert f"`{code}`" in DOCS.read_text(), code
