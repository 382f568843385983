"""How a template and a data key are encrypted: AES-256-GCM in an envelope with a version.

    1 byte version (1) | 12 bytes nonce, random | cipher text | 16 bytes tag

What the sealed bytes belong to is authenticated with them (associated data), so that bytes moved to
another row do not open.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from mien.errors import StorageError

VERSION = b"\x01"
NONCE = 12
KEY = 32


def seal(key: bytes, plain: bytes, belongs_to: bytes) -> bytes:
    """Encrypt; `belongs_to` must be given again to open."""
    nonce = os.urandom(NONCE)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, belongs_to)


def opened(key: bytes, sealed: bytes, belongs_to: bytes) -> bytes:
    """Decrypt.

    Raises:
        StorageError: another key, another owner, changed bytes, or a version mien does not know.
    """
    if sealed[:1] != VERSION:
        raise StorageError(
            f"something is sealed in version {sealed[:1].hex() or 'none'} of the envelope, which "
            "this version of mien does not know; update mien"
        )
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], belongs_to)
    except (InvalidTag, ValueError) as error:  # ValueError: cut short within the nonce
        raise StorageError(
            "sealed bytes do not open: they were changed, or belong to another key"
        ) from error


def owner(account_id: str, person_id: str | None, face_id: str) -> bytes:
    """The associated data of a template."""
    return f"{account_id}/{person_id or ''}/{face_id}".encode()


def seal_template(key: bytes, embedding: NDArray[Any], belongs_to: bytes) -> bytes:
    """Encrypt an embedding (128,) as little-endian float32."""
    return seal(key, np.asarray(embedding, dtype="<f4").tobytes(), belongs_to)


def open_template(key: bytes, sealed: bytes, belongs_to: bytes) -> NDArray[Any]:
    """Decrypt an embedding (128,) float32; raises StorageError."""
    return np.frombuffer(opened(key, sealed, belongs_to), dtype="<f4").astype(np.float32)
