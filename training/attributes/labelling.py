"""A page to label faces by eye, one at a time, on this machine only.

    python -m training.attributes.labelling --data DATA --out mine.csv
    python -m training.attributes.labelling --data DATA --out mine-again.csv --pass second

Every attribute has a key, shown beside it, that goes through its values; the space bar gives those
not yet labelled their usual value; Enter writes the CSV and shows the next face. The page can be
left at any time: given the same file it goes on where it was left. The second pass shows the faces
to be labelled twice, in another order and without the labels of the first.

Only the labels go into the file; no score of the set is read.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from training.attributes.draw import ORDERS, order, read_drawn
from training.attributes.faces import check_faces, face_pixels, faces_folder
from training.attributes.labels import ATTRIBUTES, Row, check_row, read_pass, write_pass
from training.files import add_data

PAGE = Path(__file__).with_suffix(".html")
SHOWN_SIDE = 560
MOST_BYTES = 65536
"""A label has some 500 bytes."""

KEYS = {
    "glasses": "g", "headwear": "h", "beard": "b", "moustache": "m", "sideburns": "s",
    "smile": "j", "lips_apart": "l", "bald": "d", "hair_visible": "v", "hair_colour": "c",
    "eye_makeup": "e", "lip_makeup": "k", "forehead_covered": "f", "eyes_covered": "y",
    "mouth_covered": "o", "gender": "x", "age": "a",
}  # fmt: skip

USUAL = {
    "glasses": "none", "headwear": "0", "beard": "0", "moustache": "0", "sideburns": "0",
    "bald": "0", "hair_visible": "1", "eye_makeup": "0", "lip_makeup": "0",
    "forehead_covered": "0", "eyes_covered": "0", "mouth_covered": "0",
}  # fmt: skip
"""What the space bar gives. Smile, lips, colour, gender and age have no usual value."""


@dataclass(slots=True)
class Session:
    """The faces of a pass and the labels so far, which are in the file after each face.

    Attributes:
        folder: of the faces.
        faces: what to label, in this order.
        out: the CSV; read if it is there.
        rows: the labels so far.

    Raises:
        ValueError: the file holds labels that cannot be, or of other faces.
    """

    folder: Path
    faces: Sequence[int]
    out: Path
    rows: dict[int, Row] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.out.exists():
            self.rows = read_pass(self.out)
        if strange := sorted(self.rows.keys() - set(self.faces)):
            raise ValueError(f"{self.out} has labels of faces that are not in this pass: {strange}")

    def label(self, face: int, row: Mapping[str, object]) -> None:
        """Keep the labels of one face, in the file as well.

        Raises:
            ValueError: the face is not in this pass, or a label cannot be.
        """
        if face not in self.faces:
            raise ValueError(f"face {face} is not in this pass")
        rows = {**self.rows, face: check_row(row)}
        write_pass(self.out, rows)
        self.rows = rows

    def state(self) -> dict[str, object]:
        """What the page needs to know."""
        return {
            "faces": list(self.faces),
            "labels": self.rows,
            "attributes": ATTRIBUTES,
            "keys": KEYS,
            "usual": USUAL,
        }

    def picture(self, face: int) -> bytes:
        """One face, large, as PNG.

        Raises:
            ValueError: the face is not in this pass.
        """
        if face not in self.faces:
            raise ValueError(f"face {face} is not in this pass")
        png = io.BytesIO()
        large = Image.fromarray(face_pixels(self.folder, face)).resize(
            (SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS
        )
        large.save(png, "PNG")
        return png.getvalue()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 10

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self._from_here():
            return
        if path == "/":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", PAGE.read_bytes())
        elif path == "/state":
            self._json(HTTPStatus.OK, self.server.session.state())
        elif path.startswith("/face/"):
            try:
                png = self.server.session.picture(int(path.removeprefix("/face/")))
            except ValueError as error:
                self._json(HTTPStatus.NOT_FOUND, {"error": str(error)})
            else:
                self._send(HTTPStatus.OK, "image/png", png)
        else:
            self._json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})

    def do_POST(self) -> None:
        if not self._from_here():
            return
        try:
            self.server.session.label(*self._read())
        except ValueError as error:
            self._json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except OSError as error:
            why = f"the labels were not written: {error}"
            self._json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": why})
        else:
            self._json(HTTPStatus.OK, {"labelled": len(self.server.session.rows)})

    def _from_here(self) -> bool:
        """Whether the page itself asks: another site's page cannot send these headers."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        json_sent = self.headers.get("Content-Type") == "application/json"
        if host in ("127.0.0.1", "localhost") and (self.command == "GET" or json_sent):
            return True
        self._json(HTTPStatus.FORBIDDEN, {"error": "only for the page on this machine"})
        return False

    def _read(self) -> tuple[int, dict[str, object]]:
        size = self.headers.get("Content-Length", "")
        if self.path != "/label" or not size.isdecimal() or not 0 < int(size) <= MOST_BYTES:
            raise ValueError(f"send 1 to {MOST_BYTES} bytes to /label")
        try:
            sent = json.loads(self.rfile.read(int(size)))
        except RecursionError:
            raise ValueError("nested too deep to be a label") from None
        match sent:
            case {"face": int(face), "labels": dict(labels)} if not isinstance(face, bool):
                return face, labels
        raise ValueError('send {"face": a number, "labels": {attribute: value}}')

    def _json(self, status: HTTPStatus, answer: Mapping[str, object]) -> None:
        self._send(status, "application/json", json.dumps(answer).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the page tells what was done."""


class Server(HTTPServer):
    """Serves one session to this machine; port 0 takes any that is free."""

    def __init__(self, session: Session, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.session = session


def main() -> None:
    """Serve the page until it is interrupted."""
    parser = argparse.ArgumentParser(
        prog="training.attributes.labelling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, help="CSV; taken up again if there")
    parser.add_argument("--pass", choices=list(ORDERS), default="first", dest="which")
    parser.add_argument("--port", type=int, default=8199)
    given = parser.parse_args()
    folder = faces_folder(given.data)
    check_faces(folder)
    faces = order(read_drawn(), given.which)
    with Server(Session(folder, faces, given.out), given.port) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (stop with Ctrl-C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"{len(server.session.rows)} of {len(faces)} faces labelled in {given.out}")


if __name__ == "__main__":
    main()
