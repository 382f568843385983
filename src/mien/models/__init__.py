"""The model store and the runtimes. Importing it loads no model and no runtime."""

from mien.models.catalogue import Entry, entries, entry
from mien.models.session import Session, TensorSpec, open_session
from mien.models.store import file_of, pull, store_folder

__all__ = [
    "Entry",
    "Session",
    "TensorSpec",
    "entries",
    "entry",
    "file_of",
    "open_session",
    "pull",
    "store_folder",
]
