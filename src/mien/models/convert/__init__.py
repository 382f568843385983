"""Conversions that run when a model is fetched. onnx is imported by them alone.

A conversion's version is part of the file name in the store: raise it when its output changes.
"""

from __future__ import annotations

from importlib import import_module

VERSIONS = {"centerface": 2, "dlib-resnet": 1, "dlib-resnet-batch": 1}


def version(name: str) -> int:
    """The version of a conversion."""
    return VERSIONS[name]


def convert(name: str, source: bytes) -> bytes:
    """The ONNX file made of the source's bytes.

    Raises:
        ModelIntegrityError: the source is not what this conversion expects.
    """
    module = import_module(f"mien.models.convert.{name.replace('-', '_')}")
    data: bytes = module.convert(source)
    return data
