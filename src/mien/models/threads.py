"""How many threads a session uses when nobody says."""

from __future__ import annotations

import math
import os
from pathlib import Path

from mien.errors import UsageError

MAX_THREADS = 1024
CGROUP = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Cores this process may use: its affinity, and the quota of its control group (Linux)."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = _quota(CGROUP)
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def _quota(group: Path) -> float | None:
    """The cores a container may use, as cgroup v2 or v1 has it; None without a limit."""
    try:
        if (group / "cpu.max").is_file():
            limit, period = (group / "cpu.max").read_text().split()
        else:
            limit = (group / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (group / "cpu" / "cpu.cfs_period_us").read_text()
    except (OSError, ValueError):
        return None  # no control group, or none that can be read: no limit is known
    return None if limit in ("max", "-1") else int(limit) / int(period)


def thread_count(threads: int | None) -> int:
    """`threads`, else MIEN_THREADS, else every usable core.

    Raises:
        UsageError: it is not a whole number from 1 to 1024.
    """
    if threads is None:
        text = os.environ.get("MIEN_THREADS", "").strip()
        if not text:
            return usable_cores()
        if not text.isdecimal():
            raise UsageError(f"MIEN_THREADS must be a whole number, not {text!r}")
        threads = int(text)
    if not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"threads must be from 1 to {MAX_THREADS}, not {threads}")
    return threads
