"""The table of operations: what the dialect routes and what its page shows."""

from __future__ import annotations

from functools import partial

from mien.server.dialects.kairos import answers, bodies, galleries, media, recognition
from mien.server.operations import Operation

RECEIPT = {"mien-receipt": "The ids of the receipts of this deletion."}

_post = partial(Operation, method="POST")
_recognition = partial(_post, tag="Face recognition", form=True)
_galleries = partial(_post, tag="Galleries")
_media = partial(Operation, tag="Emotion analysis")


def operations() -> list[Operation]:
    """All of them, in the order of the page."""
    return [*_of_pictures(), *_of_galleries(), *_removals(), *_of_media()]


def _of_pictures() -> list[Operation]:
    return [
        _recognition(
            name="enroll",
            path="/enroll",
            about="Store the face of a picture as a subject's; the gallery is made if need be.",
            handler=recognition.enroll,
            body=bodies.Enroll,
            answer=answers.EnrollAnswer,
        ),
        _recognition(
            name="verify",
            path="/verify",
            about="Compare the face of a picture with a subject.",
            handler=recognition.verify,
            body=bodies.Verify,
            answer=answers.VerifyAnswer,
        ),
        _recognition(
            name="recognize",
            path="/recognize",
            about="Find the subjects of a gallery whom the faces of a picture may be.",
            handler=recognition.recognize,
            body=bodies.Recognize,
            answer=answers.RecognizeAnswer,
        ),
        _recognition(
            name="detect",
            path="/detect",
            about="Find the faces of a picture.",
            handler=recognition.detect,
            body=bodies.Detect,
            answer=answers.Detected,
        ),
    ]


def _of_galleries() -> list[Operation]:
    return [
        _galleries(
            name="gallery_list_all",
            path="/gallery/list_all",
            about="Show the galleries of the account.",
            handler=galleries.list_all,
            answer=answers.GalleryList,
        ),
        _galleries(
            name="gallery_view",
            path="/gallery/view",
            about="Show the subjects of a gallery.",
            handler=galleries.view,
            body=bodies.Gallery,
            answer=answers.SubjectList,
        ),
        _galleries(
            name="gallery_view_subject",
            path="/gallery/view_subject",
            about="Show the stored faces of a subject.",
            handler=galleries.view_subject,
            body=bodies.Subject,
            answer=answers.FaceList,
        ),
    ]


def _removals() -> list[Operation]:
    return [
        _galleries(
            name="gallery_remove",
            path="/gallery/remove",
            about="Delete a gallery with all that is in it.",
            handler=galleries.remove,
            body=bodies.Gallery,
            answer=answers.Removed,
            headers=RECEIPT,
        ),
        _galleries(
            name="gallery_remove_subject",
            path="/gallery/remove_subject",
            about="Delete a subject, or one of their faces; a gallery goes with its last subject.",
            handler=galleries.remove_subject,
            body=bodies.SubjectFace,
            answer=answers.Removed,
            headers=RECEIPT,
        ),
    ]


def _of_media() -> list[Operation]:
    return [
        _media(
            name="media_create",
            method="POST",
            path="/v2/media",
            about="Analyse a video or photo; 202 while it is not over.",
            handler=media.create,
            others={202: answers.MediaStatus},
            query=(media.SOURCE, media.TIMEOUT, media.LANDMARKS),
            body=bodies.MediaSource,
            form=True,
            answer=answers.Media,
        ),
        _media(
            name="media_get",
            method="GET",
            path="/v2/media/{id}",
            about="Show what was seen, frame by frame; 202 while it is not over.",
            handler=media.show,
            others={202: answers.MediaStatus},
            answer=answers.Media,
        ),
        _media(
            name="media_delete",
            method="DELETE",
            path="/v2/media/{id}",
            about="Delete a media object with its file and results.",
            handler=media.delete,
            answer=answers.MediaStatus,
        ),
        _media(
            name="analytics_get",
            method="GET",
            path="/v2/analytics/{id}",
            about="Show what was seen, person by person; 202 while it is not over.",
            handler=media.analytics,
            others={202: answers.MediaStatus},
            answer=answers.Analytics,
        ),
    ]
