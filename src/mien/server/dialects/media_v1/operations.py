"""The operations, and what their page shows."""

from __future__ import annotations

from mien.server.dialects.media_v1 import (
    answers,
    assets,
    bodies,
    content,
    edits,
    events,
    examples,
    jobs,
)
from mien.server.dialects.media_v1 import parameters as p
from mien.server.dialects.media_v1.errors import OFFSET
from mien.server.openapi import AZURE_ERRORS, AZURE_KEY, Id, Page
from mien.server.operations import Operation

ASSET, FILE, JOB = "/assets/{assetId}", "/assets/{assetId}/files/{fileId}", "/jobs/{jobId}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *("Processors_List", "GET", "/processors", "Processor"),
        "Show the media processors.",
        jobs.processors,
        answer=list[answers.ProcessorAnswer],
    ),
    Operation(
        *("Asset_Create", "POST", "/assets", "Asset", "Make an empty asset.", assets.create),
        body=bodies.NewAsset,
        answer=answers.AssetAnswer,
        status=201,
        refusals=(400,),
    ),
    Operation(
        *("Asset_List", "GET", "/assets", "Asset"),
        "Show the assets of the account in the order of their ids.",
        assets.list_all,
        query=(p.START, p.TOP),
        answer=list[answers.AssetAnswer],
        refusals=(400,),
    ),
    Operation(
        *("Asset_Get", "GET", ASSET, "Asset", "Show an asset with its files.", assets.get),
        answer=answers.AssetAnswer,
        refusals=(404,),
    ),
    Operation(
        *("Asset_Delete", "DELETE", ASSET, "Asset", "Delete an asset and its files."),
        assets.delete,
        status=204,
        refusals=(404, 409),
    ),
    Operation(
        *("File_Create", "POST", f"{ASSET}/files", "File", "Announce a file.", assets.add_file),
        body=bodies.NewFile,
        answer=answers.FileAnswer,
        status=201,
        refusals=(400, 404, 409),
    ),
    Operation(
        *("File_Get", "GET", FILE, "File", "Show a file, and how many bytes are here."),
        assets.get_file,
        answer=answers.FileAnswer,
        refusals=(404,),
    ),
    Operation(
        *("File_Delete", "DELETE", FILE, "File", "Delete a file.", assets.delete_file),
        status=204,
        refusals=(404, 409),
    ),
    Operation(
        *("File_Send", "PATCH", f"{FILE}/content", "File"),
        f"Send bytes of a file; the header {OFFSET} says which is the first.",
        content.send,
        octets=True,
        status=204,
        refusals=(400, 404, 409, 507),
        headers={OFFSET: "How many bytes are here now."},
        sent=(p.OFFSET,),
    ),
    Operation(
        *("File_Content", "GET", f"{FILE}/content", "File"),
        "The bytes of a file, or the ranges of them that the header Range names.",
        content.give,
        refusals=(404, 409, 416),
        sent=(p.RANGE,),
        others={206: None},
    ),
    Operation(
        *("File_Fragments", "GET", f"{FILE}/fragments", "File"),
        "A Media Analytics document with only the fragments of a time range.",
        content.fragments,
        query=(p.FROM, p.TO),
        refusals=(400, 404, 409),
    ),
    Operation(
        *("Edit_List", "GET", f"{ASSET}/edits", "Edit"),
        "Show the log of edits of a video, in order.",
        edits.read,
        query=(p.SINCE,),
        answer=list[answers.EditAnswer],
        refusals=(400, 404),
    ),
    Operation(
        *("Edit_Append", "POST", f"{ASSET}/edits", "Edit"),
        "Add edits to the log of a video: all of them, or none.",
        edits.append,
        body=bodies.NewEdits,
        answer=list[answers.EditAnswer],
        status=201,
        refusals=(400, 404, 409),
    ),
    Operation(
        *("Job_Submit", "POST", "/jobs", "Job", "Submit a job with its tasks.", jobs.submit),
        body=bodies.NewJob,
        answer=answers.JobAnswer,
        status=201,
        refusals=(400,),
    ),
    Operation(
        *("Job_List", "GET", "/jobs", "Job"),
        "Show the jobs of the account in the order of their ids.",
        jobs.list_all,
        query=(p.START, p.TOP),
        answer=list[answers.JobAnswer],
        refusals=(400,),
    ),
    Operation(
        *("Job_Get", "GET", JOB, "Job", "Show a job with its tasks.", jobs.get),
        answer=answers.JobAnswer,
        refusals=(404,),
    ),
    Operation(
        *("Job_Delete", "DELETE", JOB, "Job", "Delete a job that is over.", jobs.delete),
        status=204,
        refusals=(404, 409),
    ),
    Operation(
        *("Job_Cancel", "POST", f"{JOB}/cancel", "Job", "Have a job canceled.", jobs.cancel),
        answer=answers.JobAnswer,
        status=202,
        refusals=(404, 409),
    ),
    Operation(
        *("Job_History", "GET", f"{JOB}/history", "Job"),
        "Show what became of a job and its tasks so far.",
        jobs.history,
        query=(p.AFTER,),
        answer=list[answers.EventAnswer],
        refusals=(400, 404),
    ),
    Operation(
        *("Job_Events", "GET", f"{JOB}/events", "Job"),
        "The same as it happens, and the progress, as server-sent events; ends with the job.",
        events.stream,
        refusals=(404,),
    ),
    Operation(
        *("SigningKey_Get", "GET", "/signingkey", "Job"),
        "Show the key with which messages of job states are signed.",
        jobs.signing_key,
        answer=answers.SigningKeyAnswer,
    ),
)

GUID = {"type": "string", "format": "uuid"}

PAGE = Page(
    title="Media jobs v1",
    about="Videos analysed and redacted by the media processors of Azure Media Services, in jobs.",
    ids={
        name: Id(GUID, example)
        for name, example in (
            ("assetId", examples.ASSET_ID),
            ("fileId", examples.FILE_ID),
            ("jobId", examples.JOB_ID),
        )
    },
    bodies=examples.BODIES,
    answers=examples.ANSWERS,
    errors=AZURE_ERRORS | examples.ERRORS,
    security=AZURE_KEY | {"bearer": {"type": "http", "scheme": "bearer"}},
)
