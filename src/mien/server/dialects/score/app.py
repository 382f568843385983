"""The application: one route, and who may call it without a key."""

from __future__ import annotations

from functools import partial

from pydantic import BaseModel, ConfigDict
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from mien.faces import Array
from mien.server.api import AnyCase, Api
from mien.server.auth import is_of_this_machine
from mien.server.call import Call
from mien.server.dialect import Dialect, Services
from mien.server.dialects.score.images import SIDE, Images, read_images
from mien.server.json_body import JSON, check_media_type
from mien.server.openapi import Page, document
from mien.server.operations import Operation

Row = list[float]


class ScoreAnswer(BaseModel):
    """What the model says of one image, or of each of several.

    The order is neutral, happiness, surprise, sadness, anger, disgust, fear, contempt; each eight
    sum to about 1. `results` is `result` again; `time` is in seconds.
    """

    model_config = ConfigDict(extra="forbid")
    result: Row | list[Row]
    results: Row | list[Row]
    time: float


async def score(call: Call) -> Response:
    """The expression of each image."""
    services = call.services
    services.policy.require_attributes(["emotion"])
    check_media_type(call.request.headers.get("content-type"), JSON)
    body = await call.body(services.settings.limits.json_bytes)
    images = await call.run(read_images, body)
    scores, seconds = await services.analyst.scores(images, gone=call.gone)
    rows = [_row(each) for each in scores]
    result = rows[0] if len(rows) == 1 else rows
    return JSONResponse({"result": result, "results": result, "time": seconds})


def keyless(services: Services, head: HTTPConnection) -> bool:
    """Whether the policy lets this caller in without a key."""
    if services.policy.score_without_key == "local":
        return services.settings.public_url is None and is_of_this_machine(head)
    return services.policy.score_without_key == "all"


def build(services: Services) -> Api:
    """The one route of a service."""

    async def endpoint(request: Request) -> Response:
        return await score(Call(request, services))

    route = AnyCase(OPERATION.method, OPERATION.path, endpoint, name=OPERATION.name)
    return Api(PAGE.title, [route], partial(document, PAGE, [OPERATION]))


def _row(scores: Array) -> Row:
    """Every digit that a score has, and none more: the shortest that gives the float32 back."""
    return [float(str(value)) for value in scores]


OPERATION = Operation(
    *("Score", "POST", "/", "Score"),
    "Read the expressions of gray images of faces.",
    score,
    body=Images,
    answer=ScoreAnswer,
    refusals=(400,),
)
_EXAMPLE = [0.6, 0.3, 0.02, 0.03, 0.02, 0.01, 0.01, 0.01]
PAGE = Page(
    title="FER+ scoring",
    about="The contract of the FER+ scoring container, answered by mien's own model.",
    bodies={"Images": {"data": [[[[128] * SIDE] * SIDE]]}},
    answers={"ScoreAnswer": {"result": _EXAMPLE, "results": _EXAMPLE, "time": 0.004}},
)
SCORE = Dialect(
    name="score",
    prefix="/score",
    build=build,
    keyless=keyless,
    title="FER+ scoring container",
)
