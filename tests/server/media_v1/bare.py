"""The service with the media API alone, without models for pictures, so that it starts soon.

python -m tests.server.media_v1.bare --port 0 --job-workers 2 --data DATA --keys KEYS
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mien.jobs import Pool
from mien.server.app import create_app
from mien.server.dialects.media_v1 import MEDIA_V1
from mien.server.inference import Analyst
from mien.server.logs import write_logs
from mien.server.metrics import Metrics
from mien.server.serving import serve
from mien.server.settings import Settings
from mien.storage import open_storage
from tests.server.small_service import Sleeper


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--job-workers", type=int)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--keys", type=Path)
    given = parser.parse_args()
    settings = Settings(port=given.port)
    write_logs()
    with open_storage(given.data, None, given.keys) as storage:
        analyst = Analyst(
            lambda: Sleeper(0.0), workers=1, limits=settings.limits, metrics=Metrics()
        )
        app = create_app(
            settings,
            storage,
            dialects=[MEDIA_V1],
            analyst=analyst,
            pool=Pool(storage, given.job_workers),
        )
        serve(app, settings, ready=lambda url: None, stopping=app.state.closing.set)


if __name__ == "__main__":
    main()
