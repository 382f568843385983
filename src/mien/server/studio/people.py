"""People: person groups and face lists, made and filled with the calls of Face API.

GET /studio/people                  all groups and lists of the account
GET /studio/people/{noun}/{id}      one of them; `noun` as in the paths of Face API
GET /studio/api/people              the same as JSON, with how many people and faces each has
GET /studio/api/people/{noun}/{id}  one of them
GET /studio/api/people/{noun}/{id}/faces?person=ID&start=ID
                                    its faces, or those of a person: what is known of each
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import GalleryError, NoSuchCollectionError
from mien.gallery import LIMITS, Kind
from mien.server.call import Call
from mien.server.dialect import Services
from mien.server.dialects.face_v1.names import BY_KIND, NOUNS, Noun, guid, is_id
from mien.server.errors import Refusal
from mien.server.studio.pages import page
from mien.server.studio.visitors import visitor_of
from mien.storage import CollectionRow, FaceRow

BY_PATH: dict[str, Noun] = {noun.path: noun for noun in NOUNS}
PAGE = 1000  # rows of one query


def routes(services: Services) -> list[BaseRoute]:
    """All routes of this area, below /studio."""
    one = "/people/{noun}/{id}"
    return [
        Route("/people", _shown, name="studio-people"),
        Route(one, _asked(_one_shown, services), name="studio-people-one"),
        Route("/api/people", _asked(_all, services), name="studio-people-all"),
        Route(f"/api{one}", _asked(_one, services), name="studio-people-facts"),
        Route(f"/api{one}/faces", _asked(_faces, services), name="studio-people-faces"),
    ]


Answer = Callable[[Call], Awaitable[Response]]


def _asked(answer: Answer, services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await answer(Call(request, services))

    return endpoint


async def _shown(request: Request) -> Response:
    return page(request, "people.html")


async def _one_shown(call: Call) -> Response:
    noun, row = await _found(call)
    most = LIMITS[_plan(call)].faces_per_person
    return page(call.request, "people_one.html", noun=noun, row=row, most=most)


async def _all(call: Call) -> Response:
    call.services.policy.require_gallery()
    return JSONResponse(await call.run(_facts_of_all, call))


async def _one(call: Call) -> Response:
    _, row = await _found(call)
    return JSONResponse(await call.run(_facts, call.services, row))


async def _faces(call: Call) -> Response:
    """A thousand at most, in the order of their ids, those after `start`."""
    noun, row = await _found(call)
    start, person = _id_in(call, "start") or "", _id_in(call, "person")
    page = call.services.storage.faces.page
    try:
        found = await call.run(page, row.account_id, noun.kind, row.id, start, PAGE, person=person)
    except GalleryError:  # deleted just now, or never there
        raise Refusal(404, "NotFound", "There is no such person. They may be deleted.") from None
    return JSONResponse([_face(each) for each in found])


def _face(row: FaceRow) -> dict[str, object]:
    return {
        "persistedFaceId": row.id,
        "userData": row.user_data,
        "quality": round(row.quality, 2),
        "added": row.created.isoformat(),
    }


def _id_in(call: Call, name: str) -> str | None:
    """An id in the query; None where there is none. Raises Refusal 400."""
    values = call.query.get(name)
    if not values:
        return None
    found = guid(values[-1])
    if found is None:
        raise Refusal(400, "BadArgument", f"'{name}' is no id.")
    return found


async def _found(call: Call) -> tuple[Noun, CollectionRow]:
    """The group or list of a path; raises Refusal 403, 404."""
    call.services.policy.require_gallery()
    noun = BY_PATH.get(call.request.path_params["noun"])
    id: str = call.request.path_params["id"]
    if noun is None or not is_id(id):
        raise _not_found()
    account = visitor_of(call.request).account_id
    try:
        row = await call.run(call.services.storage.collections.find, account, noun.kind, id)
    except NoSuchCollectionError:
        raise _not_found() from None
    return noun, row


def _not_found() -> Refusal:
    return Refusal(404, "NotFound", "There is no such group or list. It may have been deleted.")


def _facts_of_all(call: Call) -> list[dict[str, object]]:
    services, account = call.services, visitor_of(call.request).account_id
    found: list[CollectionRow] = []
    for noun in NOUNS:
        start = ""
        while some := services.storage.collections.page(account, noun.kind, start, PAGE):
            found += some
            start = some[-1].id
    found.sort(key=lambda row: (row.name.casefold(), row.pk))
    return [_facts(services, row) for row in found]


def _facts(services: Services, row: CollectionRow) -> dict[str, object]:
    """What is told of a group or list.

    `stale`: it has faces that are not found yet, since it was not trained after they were added.
    """
    kind = Kind(row.kind)
    last = services.storage.faces.last(row.pk) if kind.is_trained else 0
    return {
        "noun": BY_KIND[kind].path,
        "id": row.id,
        "name": row.name,
        "people": row.persons if kind.has_persons else None,
        "faces": row.faces,
        "trained": row.trained is not None if kind.is_trained else None,
        "stale": last > (row.trained or 0),
    }


def _plan(call: Call) -> str:
    plan = visitor_of(call.request).plan
    return call.services.settings.plan if plan == "none" else plan
