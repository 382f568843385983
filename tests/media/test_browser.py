"""Spliced videos in a browser: every frame is found by a jump to it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mien.media import open_video
from tests.clips import read_number
from tests.media.test_splicing import CLIPS, N, splice

PAGE = """<!doctype html><script>
async function once(target, name, act) {
  await new Promise((yes, no) => { target['on' + name] = yes; target.onerror = no; act(); });
}
async function numbers(times) {
  const video = document.createElement('video'), canvas = document.createElement('canvas');
  const data = await (await fetch('clip.mp4')).blob();
  await once(video, 'loadeddata', () => { video.src = URL.createObjectURL(data); });
  const [width, height] = [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const paint = canvas.getContext('2d', {willReadFrequently: true}), found = [];
  for (const time of times) {
    const shown = new Promise(yes => video.requestVideoFrameCallback(yes));
    await once(video, 'seeked', () => { video.currentTime = time; });
    await shown;  // an event earlier, the picture may still be the last one
    paint.drawImage(video, 0, 0);
    let number = 0;
    for (let bit = 0; bit < 16; bit++) {
      const x = (bit % 4 + .5) * width / 4, y = ((bit >> 2) + .5) * height / 4;
      if (paint.getImageData(x, y, 1, 1).data[1] > 128) number |= 1 << bit;
    }
    found.push(number);
  }
  return found;
}
fetch('times.json').then(answer => answer.json()).then(numbers).catch(error => String(error))
  .then(found => fetch('found', {method: 'POST', body: JSON.stringify(found)}));
</script>"""


class _Pages(ThreadingHTTPServer):
    """Gives the page, a clip and times to jump to; keeps what the page found."""

    def __init__(self, clip: bytes, times: list[float]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.pages = {
            "/": PAGE.encode(),
            "/clip.mp4": clip,
            "/times.json": json.dumps(times).encode(),
        }
        self.found: Any = None
        self.done = threading.Event()


class _Answers(BaseHTTPRequestHandler):
    server: _Pages

    def do_GET(self) -> None:
        body = self.server.pages.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "text/html" if self.path == "/" else "video/mp4")
        self.end_headers()
        self.wfile.write(body or b"")

    def do_POST(self) -> None:
        self.server.found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.done.set()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def seen_by_chromium(clip: Path, times: list[float], folder: Path) -> Any:
    """What a page reads from the frames at these times, in seconds."""
    with _Pages(clip.read_bytes(), times) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}"]
        address = f"http://127.0.0.1:{pages.server_port}/"
        # A debugging port keeps it open; without one it ends when the page has loaded.
        command = ["chromium", *options, "--remote-debugging-port=0", address]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=quiet, stderr=quiet) as browser:
            try:
                pages.done.wait(120)
            finally:
                browser.terminate()
                pages.shutdown()
        return pages.found


@pytest.mark.long
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium on the path")
@pytest.mark.parametrize(
    "name", ["no B-frames", "B-frames", "a pyramid of B-frames", "baseline", "full range"]
)
def test_every_frame_is_found(tmp_path: Path, name: str) -> None:
    target = tmp_path / "spliced.mp4"
    splice(CLIPS[name](tmp_path), target, [14, 40])
    order = [7 * k % N for k in range(N)]
    with open_video(target) as video:
        base = float(video.info.time_base)
        frames = [
            (frame.time.seconds + frame.duration * base / 2, read_number(frame.rgb))
            for frame in video.frames()
        ]
    times, numbers = zip(*(frames[k] for k in order), strict=True)
    assert seen_by_chromium(target, list(times), tmp_path / "profile") == list(numbers)
