"""A PEP 517 build backend that builds nothing and runs nothing.

pip asks a source distribution's backend for its metadata even when it is only to download it. The
usual backend would run the distribution's setup.py; this one hands pip the PKG-INFO it
carries.
"""

import shutil
from email.parser import HeaderParser
from pathlib import Path
from typing import Any


class _Legacy:
    """The hooks that pip calls, in the folder of the unpacked distribution."""

    def get_requires_for_build_wheel(self, config_settings: Any = None) -> list[str]:
        return []

    def prepare_metadata_for_build_wheel(self, folder: str, config_settings: Any = None) -> str:
        text = Path("PKG-INFO").read_text(encoding="utf-8")
        fields = HeaderParser().parsestr(text)
        name = f"{fields['Name'].replace('-', '_')}-{fields['Version']}.dist-info"
        Path(folder, name).mkdir()
        shutil.copy("PKG-INFO", Path(folder, name, "METADATA"))
        return name


__legacy__ = _Legacy()  # the name pip uses where there is no pyproject.toml
get_requires_for_build_wheel = __legacy__.get_requires_for_build_wheel
prepare_metadata_for_build_wheel = __legacy__.prepare_metadata_for_build_wheel
