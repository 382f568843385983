"""How a run is asked for, and what is written down of it."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.files import add_data
from training.schedule import Settings, parse_stages


def add_recipe(parser: argparse.ArgumentParser, defaults: Settings) -> None:
    """Add the options that all runs have in common."""
    stages = ",".join(f"{side}x{epochs}" for side, epochs in defaults.stages)
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--dlib", type=Path, help="dlib's face network to start from")
    parser.add_argument("--stages", default=stages, help="SIDExEPOCHS, comma-separated")
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--strength", type=float, default=1.0, help="factor on augmentation")
    parser.add_argument("--draw-power", type=float, default=defaults.draw_power)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="faster where it is built in")


def recipe(arguments: argparse.Namespace, defaults: Settings) -> Settings:
    """The settings that the options of `add_recipe` ask for."""
    return replace(
        defaults,
        stages=parse_stages(arguments.stages),
        rate=arguments.rate,
        head_rate=2 * arguments.rate,
        draw_power=arguments.draw_power,
        seed=arguments.seed,
        bfloat16=arguments.bfloat16,
        strength=defaults.strength.times(arguments.strength),
        drop_depth=defaults.drop_depth * arguments.strength,
        dropout=defaults.dropout * arguments.strength,
    )


def write_settings(settings: Settings, arguments: argparse.Namespace, **made_from: Any) -> None:
    """Write ``settings.json`` into the run's folder: settings, data, start, versions, command."""
    record = {
        "settings": settings.as_dict(),
        **made_from,
        "start": Path(arguments.start or arguments.dlib or "none").name,
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
        },
        "machine": f"{platform.machine()}, {arguments.threads} threads",
        "command": sys.argv[1:],
    }
    (arguments.out / "settings.json").write_text(json.dumps(record, indent=2) + "\n")
