"""`mien jobs`: the media jobs of a running service, also on another machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mien.cli.progress import progress_bar
from mien.errors import ConfigurationError, MienError, UsageError
from mien.inputs import open_document

if TYPE_CHECKING:
    from mien.client import Job, MediaContext, StateChange

Command = TypeVar("Command", bound=Callable[..., Any])

LONGEST_PRESET = 1 << 16


class NotFinishedError(MienError):
    """A job that was waited for ended in Error or Canceled."""


@click.group("jobs")
def command() -> None:
    """Submit, list, watch, cancel and download the media jobs of a service.

    Example: mien jobs submit clip.mp4 --processor "Azure Media Redactor" -o redacted/
    """


def _service_options(function: Command) -> Command:
    for name, variable, help, rest in (
        ("--key", "MIEN_KEY", "API key; made by `mien keys create`.", {"required": True}),
        ("--url", "MIEN_URL", "The service.", {"default": "http://127.0.0.1:8000"}),
    ):
        function = click.option(name, help=help, envvar=variable, show_envvar=True, **rest)(
            function
        )
    return function


@command.command("submit")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…", type=click.Path())
@click.option("--processor", help="By name.", default="Azure Media Face Detector")
@click.option("--config", metavar="FILE|JSON", help="Its preset: a file, or the JSON itself.")
@click.option("--name", help="Of the job [that of the first source].", metavar="NAME")
@click.option("--priority", type=click.IntRange(-1, 1), default=0, help="1 goes first [0].")
@click.option("--watch", is_flag=True, help="Wait until it is over.")
@click.option("-o", "--output", metavar="FOLDER", help="Wait, and download the results.")
@_service_options
def submit(
    sources: Sequence[str],
    processor: str,
    config: str | None,
    name: str | None,
    priority: int,
    watch: bool,
    output: str | None,
    **where: Any,
) -> None:
    """Upload each SOURCE into one asset and submit a job on it; its id is printed.

    The first video among them is what it works on; annotations and a list of ids may go along.

    \b
    Example: mien jobs submit clip.mp4 --watch
             mien jobs submit clip.mp4 --processor "Azure Media Redactor"
                 --config "{'version':'1.0','options':{'mode':'combined'}}" -o redacted/
    """
    preset = _preset(config)
    with _opened(**where) as context:
        found = context.media_processors.latest(processor)
        asset = context.assets.create(name or Path(sources[0]).name)
        for source in sources:
            with progress_bar(f"{Path(source).name}, sending") as show:
                asset.files.create(Path(source).name).upload(source, on_progress=show)
        job = context.jobs.create(name or Path(sources[0]).name, priority=priority)
        task = job.tasks.add_new(found.name, found, preset)
        task.input_assets.append(asset)
        job.submit()
        click.echo(job.id)
        if watch or output is not None:
            _watch(job)
        if output is not None:
            _download(job, output)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@_service_options
def list_(as_json: bool, **where: Any) -> None:
    """List the jobs: id, state, progress, name.

    Example: mien jobs list --json
    """
    with _opened(**where) as context:
        rows = [_row(job) for job in context.jobs]
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['id']}  {row['state']:<10}  {row['progress']:5.1f} %  {row['name']}")


@command.command("watch")
@click.argument("job")
@_service_options
def watch(job: str, **where: Any) -> None:
    """Tell each state of the job JOB until it is over; fails if it ends without being Finished.

    Example: mien jobs watch 3f0b2c9e-8d1a-4c55-9f0e-2b7a6d1c4e88
    """
    with _opened(**where) as context:
        _watch(context.jobs.get(job))


@command.command("cancel")
@click.argument("job")
@_service_options
def cancel(job: str, **where: Any) -> None:
    """Cancel the job JOB, and print the state it is in then.

    Example: mien jobs cancel 3f0b2c9e-8d1a-4c55-9f0e-2b7a6d1c4e88
    """
    with _opened(**where) as context:
        found = context.jobs.get(job)
        found.cancel()
        click.echo(found.state.name)


@command.command("download")
@click.argument("job")
@click.option("-o", "--output", metavar="FOLDER", default=".", help="Where to [here].")
@_service_options
def download(job: str, output: str, **where: Any) -> None:
    """Download what the finished tasks of the job JOB made; the paths are printed.

    Example: mien jobs download 3f0b2c9e-8d1a-4c55-9f0e-2b7a6d1c4e88 -o results/
    """
    with _opened(**where) as context:
        _download(context.jobs.get(job), output)


def _opened(url: str, key: str) -> MediaContext:
    if find_spec("httpx") is None:
        raise MienError("httpx is not installed; run `pip install 'mien[client]'`")
    from mien.client import MediaContext, MediaServicesCredentials

    return MediaContext(url, MediaServicesCredentials("mien", key))


def _preset(config: str | None) -> str:
    """The preset: JSON as it is, or that of a file."""
    if config is None:
        return '{"version":"1.0"}'
    if config.lstrip().startswith("{"):
        return config
    with open_document(config, "JSON") as file:
        data = file.read(LONGEST_PRESET + 1)
    if len(data) > LONGEST_PRESET:
        raise ConfigurationError(f"{config} is too long for a preset")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{config} is no preset: it is not text in UTF-8") from error


def _watch(job: Job) -> None:
    """Raises NotFinishedError."""
    from mien.client import JobState

    def told(change: StateChange) -> None:
        click.echo(f"{change.previous_state.name} → {change.current_state.name}", err=True)

    job.state_changed.append(told)
    with progress_bar(job.name) as show:
        state = job.wait(on_progress=show)
    if state is not JobState.Finished:
        reasons = [f"{each.code}: {each.message}" for t in job.tasks for each in t.error_details]
        raise NotFinishedError(f"the job ended in {state.name}; " + "; ".join(reasons or ["–"]))


def _download(job: Job, output: str) -> None:
    assets = job.output_media_assets
    if not assets:
        raise UsageError(f"the job {job.id} has made nothing so far; it is {job.state.name}")
    for asset in assets:
        for path in asset.download(output):
            click.echo(path)


def _row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state.name,
        "progress": job.progress,
        "tasks": [
            {
                "name": task.name,
                "state": task.state.name,
                "errors": [{"code": e.code, "message": e.message} for e in task.error_details],
            }
            for task in job.tasks
        ],
    }
