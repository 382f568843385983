"""Take the screenshots that docs/studio.md shows, of a service of its own with real pictures.

python -m docs.studio              all areas, in light and dark
python -m docs.studio account      one of them

Each area is a module beside this one with a function `show(stage)`, which drives the page to what
is worth seeing and keeps it: `stage.keep("photo")`. It is called once in light and once in dark,
each time with a new user.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.studio.stage import THEMES, staged
from mien.storage import open_storage
from mien.storage.users import Role
from tests.server.live import serving
from tests.server.studio.browser import chromium
from tests.server.studio.visitors import PASSWORD

AREAS = ("photo", "video", "redaction", "people", "live", "account")


def main() -> None:
    """Take the screenshots of the areas that are named, or of all."""
    wanted = sys.argv[1:] or AREAS
    with TemporaryDirectory() as folder, serving(Path(folder)) as live, chromium() as browser:
        with open_storage(live.data, keys=live.keys) as storage:
            storage.users.add("grace", PASSWORD, role=Role.ADMIN)
        for area in wanted:
            show = import_module(f"docs.studio.{area}").show
            for theme in THEMES:
                with staged(browser, live, theme) as stage:
                    show(stage)
                for path in stage.kept:
                    print(f"{path} {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
