"""mien: find, follow, read, recognise and hide faces in photos and video, on your own machines.

Importing this package opens no file and loads no model.
"""

from mien.version import __version__

__all__ = ["__version__"]
