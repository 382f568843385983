"""Documents that are read: opened, with a sentence for each way in which that fails."""

from __future__ import annotations

from os import PathLike
from typing import IO

from mien.errors import InputError, InputNotFoundError, InputPermissionError


def open_document(path: str | PathLike[str], kind: str) -> IO[bytes]:
    """Open a file for reading; `kind` ("JSON", "CSV", "text") is what it should hold.

    Raises:
        InputError: it is missing, may not be read, or is a folder.
    """
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise InputNotFoundError(f"there is no file {path}") from error
    except PermissionError as error:
        raise InputPermissionError(f"you may not read {path}") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; name the {kind} file in it") from error
    except ValueError as error:
        raise InputError(f"cannot read {str(path)!r}: it holds a null character") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
