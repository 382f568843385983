"""The sample programs of the documentation of Media Services, translated line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.client import (
    Asset,
    Credentials,
    JobState,
    MediaContext,
    MediaProcessor,
    MediaServicesCredentials,
    StateChange,
    TokenCredentials,
)
from mien.pipeline import analyze_video
from tests.server.live import Live


class Program:
    """What both samples share: they differ in credentials, names, processor and preset."""

    def __init__(self, url: str, credentials: Credentials, kind: str, processor: str) -> None:
        self.url, self.credentials = url, credentials
        self.kind, self.processor_name = kind, processor
        self.states: list[tuple[JobState, JobState]] = []
        self.error: str | None = None

    def main(self, media_file: Path, configuration: Path, output: Path) -> None:
        with MediaContext(self.url, self.credentials) as self.context:
            self.asset = self.run_job(media_file, configuration)
            if self.asset is not None:
                self.download_asset(self.asset, output)

    def run_job(self, input_media_file_path: Path, configuration_file: Path) -> Asset | None:
        asset = self.create_asset_and_upload_single_file(
            input_media_file_path, f"My {self.kind} Input Asset"
        )
        job = self.context.jobs.create(f"My {self.kind} Job")
        processor = self.get_latest_media_processor_by_name(self.processor_name)
        configuration = configuration_file.read_text()
        task = job.tasks.add_new(f"My {self.kind} Task", processor, configuration)
        task.input_assets.append(asset)
        task.output_assets.add_new(f"My {self.kind} Output Asset")
        job.state_changed.append(self.state_changed)
        job.submit()
        job.wait()
        if job.state is JobState.Error:
            error = job.tasks[0].error_details[0]
            self.error = f"Error: {error.code}. {error.message}"
            return None
        return job.output_media_assets[0]

    def create_asset_and_upload_single_file(self, file_path: Path, asset_name: str) -> Asset:
        asset = self.context.assets.create(asset_name)
        asset_file = asset.files.create(file_path.name)
        asset_file.upload(file_path)
        return asset

    def download_asset(self, asset: Asset, output_directory: Path) -> None:
        for file in asset.files:
            file.download(output_directory / file.name)

    def get_latest_media_processor_by_name(self, media_processor_name: str) -> MediaProcessor:
        found = [p for p in self.context.media_processors if p.name == media_processor_name]
        assert found, "Unknown media processor"
        return max(found, key=lambda p: tuple(int(part) for part in p.version.split(".")))

    def state_changed(self, change: StateChange) -> None:
        self.states.append((change.previous_state, change.current_state))


HAPPY = [
    (JobState.Queued, JobState.Scheduled),
    (JobState.Scheduled, JobState.Processing),
    (JobState.Processing, JobState.Finished),
]


def test_detect_faces_with_a_token_of_active_directory(
    live: Live, key: str, people: Path, tmp_path: Path
) -> None:
    program = Program(
        live.url,
        TokenCredentials("tenant.onmicrosoft.com", "client id", key),
        "Face Detection",
        "Azure Media Face Detector",
    )
    (tmp_path / "config.json").write_text('{\n  "version": "1.0"\n}\n')
    program.main(people, tmp_path / "config.json", tmp_path)
    assert program.asset is not None, program.error
    assert program.asset.name == "My Face Detection Output Asset"
    document = json.loads((tmp_path / "foo_annotations.json").read_text())
    assert document["version"] == 1
    ids = {
        event["id"]
        for fragment in document["fragments"]
        for events in fragment.get("events", [])
        for event in events
    }
    assert ids == {0, 1}
    assert program.states == HAPPY


def test_redact_faces_with_the_name_and_key_of_an_account(
    live: Live, key: str, people: Path, tmp_path: Path
) -> None:
    program = Program(
        live.url, MediaServicesCredentials("account", key), "Face Redaction", "Azure Media Redactor"
    )
    (tmp_path / "config.json").write_text("{'version':'1.0', 'options': {'mode':'combined'}}")
    program.main(people, tmp_path / "config.json", tmp_path)
    assert program.asset is not None, program.error
    assert [path.name for path in tmp_path.glob("foo*")] == ["foo_redacted.mp4"]
    assert not analyze_video(tmp_path / "foo_redacted.mp4").tracks()
    assert program.states == HAPPY


def test_the_two_passes_with_an_edited_list_of_ids(
    context: MediaContext, people: Path, tmp_path: Path
) -> None:
    first = run_one(context, "{'version':'1.0','options':{'mode':'analyze'}}", people)
    names = [path.name for path in first.download(tmp_path)]
    assert names == ["foo_annotations.json", "foo_thumb000001.jpg", "foo_thumb000002.jpg"]
    (tmp_path / "foo_IDList.txt").write_text("  2\n")
    both = [people, tmp_path / "foo_annotations.json", tmp_path / "foo_IDList.txt"]
    second = run_one(context, "{'version':'1.0','options':{'mode':'redact'}}", *both)
    (made,) = second.download(tmp_path)
    assert made.name == "foo_redacted.mp4"
    assert len(analyze_video(made).tracks()) == 1


def run_one(context: MediaContext, configuration: str, *files: Path) -> Asset:
    """The output of a job of the Redactor on an asset with these files."""
    asset = context.assets.create("in")
    for path in files:
        asset.files.create(path.name).upload(path)
    job = context.jobs.create("job")
    task = job.tasks.add_new(
        "task", context.media_processors.latest("azure media redactor"), configuration
    )
    task.input_assets.append(asset)
    job.submit()
    shares: list[float] = []
    assert job.wait(on_progress=shares.append) is JobState.Finished, job.tasks[0].error_details
    assert shares[-1] == 1.0
    return job.output_media_assets[0]


@pytest.mark.parametrize(
    ("data", "configuration", "code"),
    [
        (b"no video at all, however long one looks at it" * 50, '{"version":"1.0"}',
         "ErrorExecutingTaskUnsupportedFormat"),
        (b"", '{"version":"1.0"}', "ErrorExecutingTaskMalformedContent"),
        (b"x", "<preset/>", "ErrorParsingConfiguration"),
        (b"x", '{"version":"1.0","options":{"mode":"smile"}}', "ErrorParsingConfiguration"),
    ],
)  # fmt: skip
def test_what_fails_says_so_with_the_documented_code(
    live: Live, key: str, tmp_path: Path, data: bytes, configuration: str, code: str
) -> None:
    program = Program(
        live.url, MediaServicesCredentials("a", key), "Test", "Azure Media Face Detector"
    )
    (tmp_path / "bad.mp4").write_bytes(data)
    (tmp_path / "config.json").write_text(configuration)
    program.main(tmp_path / "bad.mp4", tmp_path / "config.json", tmp_path)
    assert program.asset is None
    assert program.error is not None
    assert program.error.startswith(f"Error: {code}. ")
    assert str(live.data) not in program.error
    assert program.states[-1] == (JobState.Processing, JobState.Error)
