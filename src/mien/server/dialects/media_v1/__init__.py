"""Media jobs: assets, the two media processors of Azure Media Services, jobs with tasks.

A REST API of our own that says what Media Services v2 said, in JSON: names of processors, presets,
states, error codes. docs/reference/media_api.md has the wire.
"""

from mien.server.dialects.media_v1.app import MEDIA_V1

__all__ = ["MEDIA_V1"]
