"""The model store and the runtimes. Importing it loads no model and no runtime."""

from mien.models.card import card
from mien.models.catalogue import Entry, entries, entry
from mien.models.session import Session, TensorSpec, open_session
from mien.models.store import file_of, path_of, pull, quick_state, state_of, store_folder

__all__ = [
    "Entry",
    "Session",
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
