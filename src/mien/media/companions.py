"""What goes along with the pictures and the sound of a video: names, chapters, fonts, a time code.

Everything else is left out and named: places and devices, cover art and preview pictures, other
video streams, tracks of data. Nobody has looked at those, and what they show is not hidden in them.
"""

from __future__ import annotations

from fractions import Fraction

from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream, DataStream, Discard, Stream
from av.video.stream import VideoStream

from mien.media.container import STILL
from mien.media.tags import kept, label, left_out, shifted_chapters

FONTS = (".ttf", ".otf", ".ttc", ".otc", ".woff", ".woff2")
"""Files attached to a Matroska video that subtitles are set in; there may be pictures too."""


def carry_over(
    source: InputContainer, out: OutputContainer, main: int, pictures: VideoStream, zero: Fraction
) -> list[str]:
    """Give a copy what its source has, except the sound and the subtitles.

    Args:
        source: the container of the video.
        out: that of the copy, whose header must not have been written.
        main: the number of the video stream that is copied.
        pictures: the copy's video stream.
        zero: the source's time, in seconds, that is 0 in the copy.

    Returns:
        A sentence for each thing that is left out.
    """
    out.metadata.update(kept(source.metadata))
    label(pictures, source.streams[main], out.format.name)
    if chapters := shifted_chapters(source.chapters(), -zero):
        out.set_chapters(chapters)
    notes = []
    if names := left_out(source.metadata):
        notes.append(f"left out of what is said about the video: {', '.join(names)}")
    for stream in source.streams:
        if stream.index != main and stream.type not in ("audio", "subtitle"):
            notes += _stream(stream, out)
    return notes


def _stream(stream: Stream, out: OutputContainer) -> list[str]:
    """Carry over one that is neither the pictures nor sound nor subtitles, or say it was not."""
    if isinstance(stream, VideoStream):
        still = bool(stream.disposition & STILL)
        return [f"{'a cover or preview picture' if still else 'another video'} was left out"]
    if isinstance(stream, AttachmentStream):
        name = stream.name or "without a name"
        if name.lower().endswith(FONTS) and out.format.name == "matroska":
            out.add_attachment(name, stream.mimetype or "application/octet-stream", stream.data)
            return []
        return [f"the attached file {name} was left out"]
    if stream.discard == Discard.all or "timecode" in stream.metadata:
        return []  # FFmpeg has read it already: the titles of the chapters, the time code
    kind = stream.name if isinstance(stream, DataStream) else None
    return [f"a track of data ({kind or 'of an unknown kind'}) was left out"]
