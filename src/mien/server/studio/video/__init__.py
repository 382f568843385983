"""Videos: sent, analysed, played with their faces, edited, exported.

GET    /studio/video                          the videos
GET    /studio/video/{assetId}                one of them
GET    /studio/api/video                      the videos, as JSON
GET    /studio/api/video/{assetId}            one: how far it is, what plays, who is there
DELETE …/{assetId}                            it, and all that was made of it
POST   …/{assetId}/analysis                   have it analysed
GET    …/{assetId}/frames?first=|at=&count=   the faces of some frames
GET    …/{assetId}/lanes?slices=              everybody over equal parts of the video
GET    …/{assetId}/windows?window=&interval=&person=   expressions in windows of time
GET    …/{assetId}/faces/{row}                a face, as JPEG
GET    …/{assetId}/export/{format}            the edited analysis as a file
POST   …/{assetId}/annotated                  have its faces drawn on a copy

Uploads, progress of jobs, bytes and edits go through /studio/api/media/v1.
"""

from mien.server.studio.video.routes import routes

__all__ = ["routes"]
