"""Ends what nobody works on any more, and removes what was left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

from mien.storage import Storage


def work_folder(storage: Storage, task: str) -> Path:
    """Where a task keeps what it has finished so far, until it is over."""
    return storage.place.data / "work" / task


def settle(storage: Storage) -> None:
    """Make an end of the tasks that are Canceling and that nobody holds."""
    for id in storage.jobs.canceling():
        lock = storage.locks.take(id)
        if lock is not None:
            with lock:
                clear(storage, id)
                storage.jobs.canceled(id)


def clear(storage: Storage, task: str) -> None:
    """Remove the work folder of a task, whose lock the caller holds."""
    shutil.rmtree(work_folder(storage, task), ignore_errors=True)


def sweep(storage: Storage) -> None:
    """Delete jobs and assets whose time is over, bytes without a row, and the folders of tasks
    that are over: what processes that died left behind."""
    for owner in storage.jobs.expired():
        storage.jobs.delete(*owner)
    for account, origin, id in storage.assets.expired():
        if not storage.jobs.uses(id):
            storage.assets.delete(account, origin, id)
    storage.assets.sweep_blobs()
    storage.assets.sweep_derived()
    folder = storage.place.data / "work"
    left = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    for id in storage.jobs.over(left):
        lock = storage.locks.take(id)
        if lock is not None:
            with lock:
                clear(storage, id)
    storage.locks.sweep()
