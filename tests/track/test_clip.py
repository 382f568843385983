"""A real clip: one man talks in a car for four seconds."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from mien.describe.embedding import Embedding
from mien.describe.mesh import Mesh
from mien.detect.centerface import CenterFace
from mien.faces import Faces
from mien.media import open_video
from mien.models import file_of
from mien.track.cuts import CutDetector
from mien.track.tracker import OnlineTracker

Array = NDArray[Any]


def test_one_man_has_one_id_in_every_frame() -> None:
    detector, mesh, embedding = CenterFace.load(), Mesh.load(), Embedding.load()
    tracker, cuts, ids, asked = OnlineTracker(), CutDetector(), [], 0
    with open_video(file_of("sample-carphone")) as video:
        for frame in video.frames():

            def embed(faces: Faces, rgb: Array = frame.rgb) -> Faces:
                nonlocal asked
                asked += len(faces)
                return embedding.describe(rgb, mesh.describe(rgb, faces))

            tracked = tracker.update(
                detector.detect(frame.rgb, score=0.2),
                time=frame.time,
                embed=embed,
                cut=cuts.update(frame.rgb_at(*CutDetector.SIZE_WH)),
            )
            assert tracked.track_id is not None
            ids.append(tracked.track_id.tolist())
    assert len(ids) == 120
    final = tracker.finish()
    assert final == {0: 0}
    assert all(frame_ids.count(0) == 1 for frame_ids in ids)
    assert 3 <= asked <= 12
