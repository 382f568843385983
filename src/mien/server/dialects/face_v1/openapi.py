"""What the OpenAPI page shows of the Face API beside its operations."""

from __future__ import annotations

from mien.server.dialects.face_v1 import answers, examples
from mien.server.openapi import Page

PAGE = Page(
    title="Face API v1.0",
    about="Azure's Face API v1.0, answered by mien on your own machines.",
    ids=examples.IDS,
    bodies=examples.BODIES,
    answers=examples.ANSWERS,
    errors=examples.ERRORS,
    models=[
        each
        for each in vars(answers).values()
        if isinstance(each, type)
        and issubclass(each, answers.Answer)
        and each is not answers.Answer
    ],
)
