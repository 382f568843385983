from __future__ import annotations

import random

import httpx
import pytest

from mien.server.multipart import (
    HEAD_BYTES,
    MOST_FIELDS,
    Field,
    FormError,
    FormReader,
    boundary_of,
)

PICTURE = bytes(range(256)) * 40 + b"\r\n--X\r\n--xy\r\n-" + bytes(100)
TWO = (
    b'--XY\r\nContent-Disposition: form-data; name="subject_id"\r\n\r\nAnna\r\n'
    b'--XY\r\nContent-Disposition: form-data; name="image"; filename="a b.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n" + PICTURE + b"\r\n--XY--\r\n"
)


def read(body: bytes, *, boundary: bytes = b"XY", step: int = 65536) -> list[tuple[Field, bytes]]:
    """The fields of a form that comes in pieces of this size."""
    reader, found = FormReader(boundary), list[tuple[Field, bytes]]()
    for first in range(0, len(body), step):
        for event in reader.feed(body[first : first + step]):
            if isinstance(event, Field):
                found.append((event, b""))
            else:
                assert event
                found[-1] = (found[-1][0], found[-1][1] + event)
    reader.close()
    return found


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 65536])
def test_a_form_is_the_same_in_pieces_of_any_size(step: int) -> None:
    assert read(TWO, step=step) == [
        (Field("subject_id", None), b"Anna"),
        (Field("image", "a b.jpg"), PICTURE),
    ]


def test_what_another_library_writes_is_read() -> None:
    """Random files, some of them full of pieces of boundaries."""
    rng = random.Random(7)
    for _ in range(30):
        data = b"".join(
            rng.choice([b"\r\n", b"--", b"\r\n--", b"ab", rng.randbytes(50)]) for _ in range(60)
        )
        request = httpx.Request(
            "POST", "http://a", data={"n": "Zoë"}, files={"image": ("ö.png", data, "image/png")}
        )
        boundary = boundary_of(request.headers["content-type"])
        found = read(request.read(), boundary=boundary, step=rng.randint(1, 400))
        assert [(field.name, value) for field, value in found] == [
            ("n", "Zoë".encode()),
            ("image", data),
        ]
        assert found[1][0].filename == "ö.png"


def test_parts_may_be_empty_and_names_in_several_forms() -> None:
    body = (
        b"before\r\n--XY  \r\ncontent-disposition: FORM-DATA; name=plain\r\n\r\n\r\n"
        b"--XY\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''Zo%C3%AB.jpg\r\n"
        b"\r\n\r\n\r\n--XY--after\r\n--XY\r\n"
    )
    assert read(body) == [(Field("plain", None), b""), (Field("f", "Zoë.jpg"), b"\r\n")]
    assert read(b"--XY--") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        TWO[:-8],
        TWO[:40],
        b"--XYZ\r\n\r\n--XYZ--",
        b"--XY\r\n\r\nno head\r\n--XY--",
        b"--XY\r\nContent-Type: text/plain\r\n\r\nno name\r\n--XY--",
        b"--XY\r\nContent-Disposition: form-data; filename=x\r\n\r\nno name\r\n--XY--",
        b'--XY\r\nContent-Disposition: attachment; name="x"\r\n\r\nno field\r\n--XY--',
        b"--XY\r\nX: " + b"x" * (HEAD_BYTES + 5) + b"\r\n\r\n\r\n--XY--",
        b"--XY\r\nX: " + b"x" * (2 * HEAD_BYTES),
        b'--XY\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * (MOST_FIELDS + 1),
        b"--XY" + b" " * (2 * HEAD_BYTES),
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    for step in (1, 65536):
        with pytest.raises(FormError):
            read(body, step=step)


def test_a_large_part_is_never_held_whole() -> None:
    reader = FormReader(b"XY")
    head = b'--XY\r\nContent-Disposition: form-data; name="x"; filename="y"\r\n\r\n'
    assert list(reader.feed(head)) == [Field("x", "y")]
    for _ in range(100):
        assert sum(map(len, map(bytes, reader.feed(bytes(65536))))) > 65000  # type: ignore[arg-type]
        assert len(reader._buffer) < 10


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b:c"', b"a b:c"),
    ],
)
def test_boundaries(header: str, boundary: bytes) -> None:
    assert boundary_of(header) == boundary


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "multipart/form-data", "multipart/form-data; boundary="),
        *("multipart/form-data; boundary=" + "x" * 201, "multipart/form-data; boundary=é"),
    ],
)
def test_headers_without_a_boundary(header: str | None) -> None:
    with pytest.raises(FormError):
        boundary_of(header)
