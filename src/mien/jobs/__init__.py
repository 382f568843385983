"""Work that takes long: assets, jobs with tasks, and the pool of processes that does them.

    queue = Queue(storage, account_id)
    asset = queue.assets.create("clip")
    queue.assets.put(asset.id, "clip.mp4", chunks, size)
    task = NewTask("t", "Azure Media Face Detector", '{"version": "1.0"}', (asset.id,))
    job = queue.submit("find faces", [task])
    ...
    with Pool(storage):          # somewhere: beside the server, or on another machine
        job = queue.wait(job.id)
    result = queue.assets.get(job.tasks[0].output)

How jobs are kept and run, and why nothing is lost or done twice: docs/decisions/0005-jobs.md.
"""

from mien.jobs.codes import Code
from mien.jobs.pool import Pool
from mien.jobs.processors import PROCESSORS, find_processor
from mien.jobs.queue import Assets, Queue
from mien.jobs.work import Input, Output, Processor, Work
from mien.storage.media_records import (
    Asset,
    AssetFile,
    ErrorDetail,
    Event,
    Job,
    NewTask,
    Notify,
    State,
    Task,
)

__all__ = [
    "PROCESSORS",
    "Asset",
    "AssetFile",
    "Assets",
    "Code",
    "ErrorDetail",
    "Event",
    "Input",
    "Job",
    "NewTask",
    "Notify",
    "Output",
    "Pool",
    "Processor",
    "Queue",
    "State",
    "Task",
    "Work",
    "find_processor",
]
