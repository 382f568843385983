"""What the pages of videos and of redaction know of a video, from its jobs alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mien.jobs import Asset, AssetFile, Job, State, Task
from mien.jobs.analyzer import Analysis
from mien.server.studio.library import ANALYZER, COPIER, Clip, Step
from mien.server.studio.redaction.answers import analysis_answer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOOK = Analysis(columns=(), cautious=True).text


def task(processor: str, state: State) -> Task:
    told = LOOK if processor == ANALYZER else ""
    of = ("t", "a", "j", "n", processor, told, ("v",), "made", "made")
    return Task(*of, state, 0.0, 0, None, None, ())


def job(state: State, *tasks: Task, hour: int = 0) -> Job:
    when = NOON + timedelta(hours=hour)
    return Job("j", "n", state, 5, when, when, None, None, None, tasks)


def clip(*jobs: Job) -> Clip:
    file = AssetFile("f", "v", "a.avi", 1, 1, True, NOON)
    steps = [Step(job, task) for job in jobs for task in job.tasks]
    steps.sort(key=lambda step: step.job.created, reverse=True)
    return Clip(Asset("v", "a.avi", NOON, (file,)), file, tuple(steps))


def looked(state: State, copy: State, *, hour: int = 0) -> Job:
    """A job that has looked at a video, and makes the copy that browsers can play."""
    return job(state, task(ANALYZER, State.Finished), task(COPIER, copy), hour=hour)


def test_a_look_is_there_with_the_copy_that_its_job_makes() -> None:
    assert clip(looked(State.Processing, State.Queued)).look is None
    done = looked(State.Finished, State.Finished)
    assert clip(done).look == Step(done, done.tasks[0])
    again = looked(State.Processing, State.Processing, hour=1)
    assert clip(done, again).look == Step(done, done.tasks[0]), "the one before it, until then"


@pytest.mark.parametrize("copy", [State.Error, State.Canceled])
def test_a_copy_that_failed_leaves_the_look(copy: State) -> None:
    assert analysis_answer(clip(looked(copy, copy))) == {"state": "ready"}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.Queued, "waiting"),
        (State.Processing, "running"),
        (State.Finished, "running"),
        (State.Error, "failed"),
        (State.Canceled, "canceled"),
    ],
)
def test_how_far_a_look_is(state: State, told: str) -> None:
    copying = task(COPIER, State.Processing)
    found = replace(task(ANALYZER, state), progress=30.0)
    answer = analysis_answer(clip(job(State.Processing, found, copying)))
    assert (answer["state"], answer["progress"]) == (told, 30.0)
    assert analysis_answer(clip()) == {"state": "none"}
