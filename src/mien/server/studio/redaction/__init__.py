"""Redaction with the mouse: who is hidden and who kept, boxes drawn by hand, doubts, and the copy.

GET  /studio/redaction                                 the videos
GET  /studio/redaction/{assetId}                       one of them
GET  /studio/redaction/{assetId}/audit/{jobId}         the page of a copy's audit
GET  /studio/api/redaction                             the videos, as JSON
POST /studio/api/redaction/{assetId}/look              have somebody look for everyone in it
GET  /studio/api/redaction/{assetId}                   the review: people, drawings, doubts, copies
GET  …/{assetId}/frames?first=|at=&count=              the times of some frames, and their boxes
GET  …/{assetId}/frames/{frame}/after                  a frame as it will be hidden, JPEG or
                                                       `?png=true`; `&effect=&strength=&…`
GET  …/{assetId}/people/{person}                       somebody's best picture
POST …/{assetId}/render                                make a copy by the log of edits as it is

Photos: see `photos`. Edits of videos go to /studio/api/media/v1/assets/{assetId}/edits.
"""

from mien.server.studio.redaction.routes import routes

__all__ = ["routes"]
