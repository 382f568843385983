"""A client for the media jobs of a running service, in the words of the Media Services SDK.

    context = MediaContext("http://127.0.0.1:8000", MediaServicesCredentials("me", key))
    asset = context.assets.create("My asset")
    asset.files.create("foo.mp4").upload("foo.mp4")
    job = context.jobs.create("My job")
    task = job.tasks.add_new("My task", context.media_processors.latest(NAME), '{"version":"1.0"}')
    task.input_assets.append(asset)
    task.output_assets.add_new("My output asset")
    job.submit()
    if job.wait() is JobState.Finished:
        for file in job.output_media_assets[0].files:
            file.download(folder / file.name)

It needs httpx (`pip install 'mien[client]'`), and nothing else of mien.
"""

from mien.client.assets import Asset, AssetFile, Assets
from mien.client.context import MediaContext, MediaProcessor
from mien.client.credentials import (
    Credentials,
    MediaServicesCredentials,
    TokenCredentials,
)
from mien.client.jobs import ErrorDetail, HistoricalEvent, Job, Jobs, StateChange, Task
from mien.client.states import JobState

__all__ = [
    "Asset",
    "AssetFile",
    "Assets",
    "Credentials",
    "ErrorDetail",
    "HistoricalEvent",
    "Job",
    "JobState",
    "Jobs",
    "MediaContext",
    "MediaProcessor",
    "MediaServicesCredentials",
    "StateChange",
    "Task",
    "TokenCredentials",
]
