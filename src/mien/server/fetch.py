"""The one way in which the service fetches a URL that a client gave it.

The name of the host is resolved here, each address is judged, and the connection is made to an
address that passed: nothing is resolved a second time, so a name that changes its address in
between gains nothing. Each redirect goes the same way. Nothing is decompressed, and reading stops
at the limits of size and time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpcore

from mien.errors import OutputError, UsageError
from mien.server.errors import UrlError, UrlTooLargeError
from mien.server.settings import Limits

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

PORTS = {"http": 80, "https": 443}
"""Ports that may be connected to, unless the operator allows the host."""
MOST_CHARACTERS = 2048
REDIRECTS = frozenset({301, 302, 303, 307, 308})
AS_IT_IS = "/%:?@!$&'()*+,;=~"
"""Characters that stay in a path and query; others are percent-encoded."""
AGENT = b"mien"


class Fetcher:
    """Fetches files from public addresses.

    Args:
        limits: of size, time and redirects.
        allow: hosts ("photos.local"), hosts with a port ("127.0.0.1:8080") and networks
            ("10.1.0.0/16") that may be fetched from though they are not public; on any port
            unless one is named.
        resolve: gives the addresses of a host and port; the system's resolver when not given.
        tls: how certificates are checked; against the usual authorities when not given.

    Raises:
        UsageError: an entry of `allow` that is none of these.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        allow: Iterable[str] = (),
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits, self._tls = limits, tls or ssl.create_default_context()
        self._backend = _CheckedBackend(_Rules.of(allow), resolve or system_addresses)

    async def fetch(self, url: str, *, most: int | None = None) -> bytes:
        """The bytes behind a URL: so many at most, or as the limits have it for a picture.

        Raises:
            UrlError: it is no URL of http or https, leads to an address that is not public, gives
                no file, or too large a one, or takes too long.
        """
        file, most = BytesIO(), self._limits.image_bytes if most is None else most
        await self.download(url, file, most=most, seconds=self._limits.fetch_s)
        return file.getvalue()

    async def download(self, url: str, file: IO[bytes], *, most: int, seconds: float) -> None:
        """Write the bytes behind a URL, so many at most, to a file.

        Raises:
            UrlError: as of `fetch`.
            OutputError: the file cannot be written.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._follow(url, file, most)
        except _UnwrittenError as error:
            raise OutputError(f"what a URL gave cannot be kept: {error.__cause__}") from error
        except TimeoutError:
            raise UrlError(f"The URL did not give its file within {seconds:g} seconds.") from None

    async def _follow(self, url: str, file: IO[bytes], most: int) -> None:
        for _ in range(self._limits.redirects + 1):
            target = await self._get(_checked(url), file, most)
            if target is None:
                return
            url = urljoin(url, target)
        raise UrlError(f"The URL redirects more than {self._limits.redirects} times.")

    def check(self, url: str) -> None:
        """Raise UrlError if a URL cannot be used as far as its text says."""
        _checked(url)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send something to a URL, which must answer with a status of success. Where it is
        redirected to is not followed: that is no success.

        Raises:
            UrlError: as of `fetch`, or another status.
        """
        told = [(b"User-Agent", AGENT)]
        told += [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            async with asyncio.timeout(self._limits.fetch_s):
                async with self._asked("POST", _checked(url), told, body) as response:
                    if not 200 <= response.status < 300:
                        raise UrlError(
                            f"The server of the URL answered with status {response.status}."
                        )
        except TimeoutError:
            raise UrlError("The server of the URL did not answer in time.") from None

    async def _get(self, url: str, file: IO[bytes], most: int) -> str | None:
        """Write the body, or say where it is redirected to."""
        headers = [
            (b"User-Agent", AGENT),
            (b"Accept", b"image/*, */*;q=0.5"),
            (b"Accept-Encoding", b"identity"),
        ]
        async with self._asked("GET", url, headers) as response:
            return await self._read(response, file, most)

    @asynccontextmanager
    async def _asked(
        self, method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes | None = None
    ) -> AsyncIterator[Any]:
        """The response to a request; raises UrlError."""
        times = dict.fromkeys(("connect", "read", "write", "pool"), self._limits.fetch_connect_s)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._tls, network_backend=self._backend, max_keepalive_connections=0
        )
        try:
            async with (
                pool,
                pool.stream(
                    method, url, headers=headers, content=body, extensions={"timeout": times}
                ) as response,
            ):
                yield response
        except httpcore.ConnectError as error:
            if _is_of_certificate(error):
                raise UrlError("The certificate of the URL's server is not valid.") from None
            raise UrlError("The server of the URL could not be reached.") from None
        except (httpcore.TimeoutException, TimeoutError):
            raise UrlError("The server of the URL did not answer in time.") from None
        except (
            *(httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol),
            *(OSError, ValueError),
        ):
            raise UrlError("The server of the URL could not be reached, or broke off.") from None

    async def _read(self, response: Any, file: IO[bytes], most: int) -> str | None:
        names = {name.lower(): value for name, value in response.headers}
        if response.status in REDIRECTS:
            return str(names.get(b"location", b"").decode("latin-1"))
        if response.status != 200:
            raise UrlError(f"The server of the URL answered with status {response.status}.")
        if names.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity"):
            raise UrlError("The server of the URL sent a compressed body, which is not read.")
        read = 0
        async for chunk in response.aiter_stream():
            read += len(chunk)
            if read > most:
                raise UrlTooLargeError(
                    f"The file of the URL is larger than the limit of {most} bytes."
                )
            try:
                file.write(chunk)
            except OSError as error:
                raise _UnwrittenError from error
        return None


class _UnwrittenError(Exception):
    """The file could not be written. (An OSError would look like one of the connection.)"""


def is_public(address: Address) -> bool:
    """Whether an address is that of a host on the internet: no private, loopback, link-local,
    multicast, reserved or unspecified one, nor one that a tunnel would take to such.
    """
    inner = _inside(address)
    if inner is not None:
        return is_public(inner)
    if any(address in network for network in RESERVED):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


async def system_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver, in the order in which it gives them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


RESERVED = tuple(
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10")
)
"""Of no host either, though some versions of Python call them global."""
NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
COMPATIBLE = ipaddress.IPv6Network("::/96")


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in (*NAT64, COMPATIBLE)):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _checked(url: str) -> str:
    """The URL in plain ASCII, if it is one that may be fetched as far as its text says."""
    if len(url) > MOST_CHARACTERS or any(c <= " " or c in "\\\x7f" for c in url):
        raise UrlError("The URL is not well formed.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:  # of which the errors of encoding are some
        raise UrlError("The URL is not well formed.") from None
    if parts.scheme not in PORTS:
        raise UrlError("Only URLs of http and https are fetched.")
    if not host or parts.username is not None or parts.password is not None or port == 0:
        raise UrlError("The URL must name a host, and no user or password.")
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    path, query = quote(parts.path or "/", safe=AS_IT_IS), quote(parts.query, safe=AS_IT_IS)
    return urlunsplit((parts.scheme, place, path, query, ""))


def _is_of_certificate(error: BaseException | None) -> bool:
    """Whether this error came from the check of a certificate."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the operator allows beside public addresses."""

    hosts: frozenset[tuple[str, int | None]]
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    @classmethod
    def of(cls, allow: Iterable[str]) -> _Rules:
        hosts, networks = set(), []
        for entry in allow:
            if "/" in entry:
                try:
                    networks.append(ipaddress.ip_network(entry))
                except ValueError as error:
                    raise UsageError(f"'{entry}' is no network that may be allowed") from error
                continue
            try:
                parts = urlsplit(f"//{entry}")
                host, port = parts.hostname, parts.port
            except ValueError as error:
                raise UsageError(f"'{entry}' is no host that may be allowed") from error
            if not host:
                raise UsageError(f"'{entry}' is no host that may be allowed")
            hosts.add((host, port))
        return cls(frozenset(hosts), tuple(networks))

    def named(self, host: str, port: int) -> bool:
        """Whether the operator named this host."""
        return bool({(host, None), (host, port)} & self.hosts)

    def holds(self, address: Address) -> bool:
        """Whether the operator named a network with this address."""
        return any(address in network for network in self.networks)


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, judges, and connects to what it has judged. TLS is still with the host's name."""

    def __init__(self, rules: _Rules, resolve: Resolve) -> None:
        self._rules, self._resolve = rules, resolve
        self._net = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that may be connected to and answers."""
        name = host.strip("[]").lower()
        addresses = await self._permitted(name, port)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._net.connect_tcp(str(address), port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("no address")

    async def _permitted(self, host: str, port: int) -> list[Address]:
        try:
            found = [ipaddress.ip_address(text) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the host has no address") from error
        if self._rules.named(host, port):
            return found
        allowed = [address for address in found if self._rules.holds(address)]
        if port in PORTS.values():
            allowed += [each for each in found if is_public(each) and each not in allowed]
        if not allowed:
            raise UrlError(
                "The URL leads to an address or port that this service does not fetch from."
            )
        return allowed

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: a URL leads to no socket file."""
        raise httpcore.UnsupportedProtocol("sockets are not fetched from")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
