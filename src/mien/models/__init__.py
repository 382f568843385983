"""The model store and the runtimes. Importing it loads no model and no runtime.

It sets ORT_DISABLE_TELEMETRY: as published, ONNX Runtime gives the machine an identifier, keeps it
in the user's cache folder and reports to its maker over the network.
"""

import os

from mien.models.card import card
from mien.models.catalogue import Entry, entries, entry
from mien.models.session import Session, SessionAround, TensorSpec, open_session
from mien.models.store import file_of, path_of, pull, quick_state, state_of, store_folder

__all__ = [
    "Entry",
    "Session",
    "SessionAround",
    "TensorSpec",
    "card",
    "entries",
    "entry",
    "file_of",
    "open_session",
    "path_of",
    "pull",
    "quick_state",
    "state_of",
    "store_folder",
]

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, when the runtime is loaded
