"""The studio: the web application at /studio, for people who do with the mouse what programs do
over HTTP.

Its pages are rendered here; what they do goes through the APIs of the service itself, with the
session of whoever is logged in in place of a key (`apis.py`).
"""

from mien.server.studio.app import studio

__all__ = ["studio"]
