"""How a service is set up. The command line fills this in from options and MIEN_* variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mien.errors import UsageError
from mien.models.threads import usable_cores

PLANS = ("none", "free", "basic", "standard")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one request may cost. All times in seconds."""

    image_bytes: int = 6 * 2**20
    """A picture's file, sent or fetched; Face API v1.0 has 6 MB."""
    photo_bytes: int = 32 * 2**20
    """A picture's file in the studio; telephones make some of 20 MB."""
    image_pixels: int = 64_000_000
    """Width × height of a picture: 192 MB while a worker holds it."""
    json_bytes: int = 2**20
    """A JSON body: 1,000 ids are 40 KB, userData has 16 KB at most."""
    body_s: float = 30.0
    """For a body to arrive, from the first byte of the request to its last."""
    turn_s: float = 20.0
    """For a picture's turn to come, after its body has arrived."""
    queue: int = 64
    """Pictures that wait for a worker; one more is answered 503."""
    fetch_connect_s: float = 5.0
    fetch_s: float = 20.0
    """For a URL to give its file, redirects and all."""
    redirects: int = 5
    connections: int = 1000
    """Open connections; one more is answered 503."""
    header_s: float = 15.0
    """For a connection to send the head of a request."""
    idle_s: float = 75.0
    """How long an unused connection stays open. Load balancers keep theirs for 60."""
    file_bytes: int = 2**36
    """A file of an asset: 64 GiB."""
    live_bytes: int = 2**21
    """A frame that is sent to a live socket."""
    live_pixels: int = 3840 * 2160
    """Width × height of such a frame."""
    live_rate: int = 60
    """Frames a second that may be sent to one socket in the long run."""
    live_sockets: int = 16
    """Open live sockets; one more is answered 503."""
    drain_s: float = 30.0
    """For requests in flight to finish when the service is told to stop."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a service is set up.

    Raises:
        UsageError: values that make no sense together.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path | None = None
    """The data folder; None: $MIEN_DATA, else ~/.local/share/mien."""
    database: str | None = None
    """URL of a PostgreSQL database; without one, SQLite in the data folder."""
    keys: Path | None = None
    """Folder of the master key; None: outside of the data folder, where `mien.storage` has it."""
    policy: Path | None = None
    score_only: bool = False
    """Answer at /score and nowhere else, and load the expression model alone."""
    workers: int | None = None
    """Pictures worked on at a time; None: one for each usable core."""
    job_workers: int | None = None
    """Processes that work on jobs beside the service; None: one for each usable core."""
    public_url: str | None = None
    """Where clients reach the service, when that is a proxy's address: for absolute links."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    sign_up: str | None = None
    """Whether anybody may sign up to the studio: "open" or "closed"; None: as an admin says there,
    and open until then."""
    plan: str = "none"
    """Rate and quota of the accounts that name no plan of their own: one of `PLANS`."""
    fetch_allow: tuple[str, ...] = ()
    """Hosts, host:port pairs or networks that may be fetched from though they are not public."""
    origins: tuple[str, ...] = ()
    """Origins of web pages that may call the service (CORS); none by default."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UsageError(f"the port must be from 0 to 65535, not {self.port}")
        if self.plan not in PLANS:
            raise UsageError(f"there is no plan '{self.plan}'; take {', '.join(PLANS)}")
        if self.sign_up not in (None, "open", "closed"):
            raise UsageError(f"signing up is open or closed, not {self.sign_up}")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise UsageError("a certificate and its key go together; give both or neither")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"at least one worker is needed, not {self.workers}")
        if self.job_workers is not None and self.job_workers < 0:
            raise UsageError(f"there are no fewer than 0 workers of jobs, not {self.job_workers}")
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise UsageError(
                f"the public URL must start with https:// or http://: {self.public_url}"
            )

    @property
    def worker_count(self) -> int:
        """Pictures worked on at a time."""
        return self.workers or usable_cores()
