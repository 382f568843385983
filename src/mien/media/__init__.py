"""Photos and videos: the only place that decodes or encodes.

rgb = read_image("photo.jpg")                       # (height, width, 3) uint8, as displayed
with open_video("clip.mp4") as video:
    for frame in video.frames():                    # frame.time, frame.rgb, frame.rgb_at(w, h)
        ...
probe("unknown.bin").kind                           # "image" or "video"
"""

from mien.media.frame import Frame
from mien.media.image import ImageInfo, read_image
from mien.media.limits import Limits
from mien.media.orientation import Orientation
from mien.media.probe import probe
from mien.media.segments import Segment, plan_halves, plan_segments
from mien.media.source import Source
from mien.media.video import Video, VideoInfo, open_video

__all__ = [
    "Frame",
    "ImageInfo",
    "Limits",
    "Orientation",
    "Segment",
    "Source",
    "Video",
    "VideoInfo",
    "open_video",
    "plan_halves",
    "plan_segments",
    "probe",
    "read_image",
]
