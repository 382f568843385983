"""The guarded fetcher against local servers that do their worst."""

from __future__ import annotations

import asyncio
import contextlib
import io
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mien.errors import OutputError, UsageError
from mien.server.errors import UrlError, UrlTooLargeError
from mien.server.fetch import Fetcher, is_public
from mien.server.settings import Limits
from tests.server.certificate import make_certificate

LIMITS = Limits(image_bytes=50_000, fetch_connect_s=0.6, fetch_s=1.0)
PUBLIC = "93.184.215.14"
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A local server that behaves as told, and notes the heads of the requests it gets."""

    def __init__(self, behave: Behave | bytes) -> None:
        self._behave, self.heads, self.port = behave, list[bytes](), 0
        self.connections = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.connections += 1
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            if isinstance(self._behave, bytes):
                writer.write(self._behave)
                await writer.drain()
            else:
                await self._behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


@asynccontextmanager
async def local(behave: Behave | bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(behave)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)


def answers(**names: str | list[str]) -> Callable[[str, int], Awaitable[list[str]]]:
    """A resolver that knows these names, dots written as underscores."""

    async def resolve(host: str, port: int) -> list[str]:
        known = {name.replace("_", "."): found for name, found in names.items()}
        if host not in known:
            raise OSError("no such host")
        found = known[host]
        return [found] if isinstance(found, str) else found

    return resolve


def fetch(url: str, fetcher: Fetcher | None = None) -> bytes:
    return asyncio.run((fetcher or Fetcher(LIMITS)).fetch(url))


def redirect(target: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()


NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.5.5",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",  # shared by carriers
    "192.0.0.8",
    "198.18.0.1",  # benchmarks
    "203.0.113.5",  # documentation
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",  # mapped
    "::ffff:169.254.169.254",
    "::ffff:10.1.2.3",
    "::127.0.0.1",  # compatible
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",  # 6to4
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo to 127.0.0.1
    "fec0::1",  # site-local
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:4700::1", "64:ff9b::808:808"]
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_to_no_public_address_is_refused(address: str) -> None:
    fetcher = Fetcher(LIMITS, resolve=answers(evil_example=address))
    with pytest.raises(UrlError, match="does not fetch from"):
        fetch("http://evil.example/a.jpg", fetcher)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "2130706433",  # decimal
        "0x7f000001",  # hexadecimal
        "0177.0.0.1",  # octal
        "017700000001",
        "127.1",
        "0",
        "169.254.169.254",
        "[fe80::1%25lo]",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
    ],
)
def test_hosts_that_mean_this_machine_never_get_a_connection(host: str) -> None:
    async def run() -> None:
        async with local(HELLO) as server:
            for port in (server.port, 80):
                with pytest.raises(UrlError):
                    await Fetcher(LIMITS).fetch(f"http://{host}:{port}/a.jpg")
            assert server.connections == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/x",
        "ftp://example.com/a.jpg",
        "data:image/png;base64,AAAA",
        "jar:http://example.com!/a",
        "//example.com/a.jpg",
        "/a.jpg",
        "a.jpg",
        "",
        "http://",
        "http:///a.jpg",
        "http://user:password@example.com/",
        "http://user@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\r\nX-Injected: 1",
        "http://example.com/a\tb",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://[::1/",
        "http://example.com/" + "a" * 3000,
    ],
)
def test_what_is_no_address_of_a_file_is_refused_unresolved(url: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was resolved")

    with pytest.raises(UrlError):
        fetch(url, Fetcher(LIMITS, resolve=resolve))


def test_ports_beside_those_of_the_web_are_for_hosts_the_operator_names() -> None:
    fetcher = Fetcher(LIMITS, resolve=answers(public_example=PUBLIC))
    with pytest.raises(UrlError, match="address or port"):
        fetch("http://public.example:22/", fetcher)


def test_a_file_comes_from_the_address_that_was_checked() -> None:
    async def run() -> None:
        async with local(HELLO) as server:
            asked: list[str] = []

            async def resolve(host: str, port: int) -> list[str]:
                asked.append(host)
                return ["127.0.0.1"]

            fetcher = Fetcher(LIMITS, allow=[f"photos.test:{server.port}"], resolve=resolve)
            url = f"http://photos.test:{server.port}/a.jpg?size=1"
            assert await fetcher.fetch(url) == b"hello"
            head = server.heads[0].lower()
            assert f"host: photos.test:{server.port}\r\n".encode() in head
            assert head.startswith(b"get /a.jpg?size=1 http/1.1\r\n")
            assert b"accept-encoding: identity\r\n" in head
            assert asked == ["photos.test"]

    asyncio.run(run())


def test_a_name_that_changes_its_address_is_resolved_only_once() -> None:
    """DNS rebinding: the first answer is public, every later one is this machine."""

    async def run() -> None:
        async with local(HELLO) as server:
            told: list[str] = []

            async def rebinding(host: str, port: int) -> list[str]:
                told.append(PUBLIC if not told else "127.0.0.1")
                return [told[-1]]

            fetcher = Fetcher(replace(LIMITS, fetch_connect_s=0.2), resolve=rebinding)
            with pytest.raises(UrlError):
                await fetcher.fetch("http://rebind.test/a.jpg")
            assert told == [PUBLIC]
            assert server.connections == 0

    asyncio.run(run())


def test_of_several_addresses_only_the_public_ones_are_tried() -> None:
    async def run() -> None:
        async with local(HELLO) as server:
            fetcher = Fetcher(
                replace(LIMITS, fetch_connect_s=0.2),
                resolve=answers(mixed_test=["127.0.0.1", "192.168.0.1"]),
            )
            with pytest.raises(UrlError, match="does not fetch from"):
                await fetcher.fetch(f"http://mixed.test:{server.port}/")
            assert server.connections == 0

    asyncio.run(run())


def test_networks_and_hosts_that_the_operator_allows() -> None:
    async def run() -> None:
        async with local(HELLO) as server:
            url = f"http://127.0.0.1:{server.port}/a.jpg"
            for allow in ("127.0.0.0/8", "127.0.0.1", f"127.0.0.1:{server.port}"):
                assert await Fetcher(LIMITS, allow=[allow]).fetch(url) == b"hello"
            for allow in ("10.0.0.0/8", "127.0.0.2", f"127.0.0.1:{server.port + 1}"):
                with pytest.raises(UrlError):
                    await Fetcher(LIMITS, allow=[allow]).fetch(url)

    asyncio.run(run())


@pytest.mark.parametrize("entry", ["", "10.0.0.0/99", "host:port", "[::1", "x/y"])
def test_entries_that_allow_nothing(entry: str) -> None:
    with pytest.raises(UsageError, match="allowed"):
        Fetcher(LIMITS, allow=[entry])


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/",
        "http://user:pass@front.test/",
        "",
    ],
)
def test_redirects_are_judged_anew(target: str) -> None:
    async def run() -> None:
        async with local(redirect(target)) as front, local(HELLO) as inner:
            fetcher = Fetcher(LIMITS, allow=[f"front.test:{front.port}"], resolve=resolver)
            with pytest.raises(UrlError):
                await fetcher.fetch(f"http://front.test:{front.port}/")
            assert inner.connections == 0

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host == "front.test" else [host]

    asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_place_that_may_be_fetched_is_followed(status: int) -> None:
    async def run() -> None:
        async with local(HELLO) as target:
            where = f"http://127.0.0.1:{target.port}/b.jpg"
            async with local(redirect(where, status)) as front:
                fetcher = Fetcher(LIMITS, allow=["127.0.0.1"])
                assert await fetcher.fetch(f"http://127.0.0.1:{front.port}/a") == b"hello"
                assert target.heads[0].startswith(b"GET /b.jpg ")

    asyncio.run(run())


def test_other_letters_are_encoded_as_browsers_do() -> None:
    async def run() -> None:
        async with local(HELLO) as server:
            allow = [f"xn--bcher-kva.test:{server.port}"]
            fetcher = Fetcher(
                LIMITS, allow=allow, resolve=answers(**{"xn--bcher-kva_test": "127.0.0.1"})
            )
            await fetcher.fetch(f"http://bücher.test:{server.port}/ä%20b?ß=1#part")
            assert server.heads[0].startswith(b"GET /%C3%A4%20b?%C3%9F=1 HTTP/1.1\r\n")

    asyncio.run(run())


def test_redirects_have_an_end() -> None:
    async def run() -> None:
        async with local(redirect("/again")) as server:
            with pytest.raises(UrlError, match="redirects more than 5 times"):
                await Fetcher(LIMITS, allow=["127.0.0.1"]).fetch(f"http://127.0.0.1:{server.port}/")
            assert server.connections == 6

    asyncio.run(run())


def chunks(parts: Iterable[bytes], pause_s: float = 0.0) -> Behave:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
            await asyncio.sleep(pause_s)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    return behave


def test_chunks_are_put_together() -> None:
    async def run() -> None:
        async with local(chunks([b"ab", b"cd"])) as server:
            fetcher = Fetcher(LIMITS, allow=["127.0.0.1"])
            assert await fetcher.fetch(f"http://127.0.0.1:{server.port}/") == b"abcd"

    asyncio.run(run())


def test_an_endless_body_is_read_no_further_than_the_limit() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()
            sent += 10_000

    async def run() -> None:
        async with local(endless) as server:
            with pytest.raises(UrlError, match="larger than the limit of 50000 bytes"):
                await Fetcher(LIMITS, allow=["127.0.0.1"]).fetch(f"http://127.0.0.1:{server.port}/")

    asyncio.run(run())
    assert sent < 20_000_000  # what the system's buffers took


async def drip_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


@pytest.mark.parametrize(
    "behave", [drip_head, say_nothing, chunks([b"x"] * 1000, 0.1)], ids=["head", "silence", "body"]
)
def test_a_server_that_takes_its_time_does_not_get_ours(behave: Behave) -> None:
    async def run() -> None:
        async with local(behave) as server:
            with pytest.raises(UrlError, match=r"within 1 seconds|did not answer in time"):
                await Fetcher(LIMITS, allow=["127.0.0.1"]).fetch(f"http://127.0.0.1:{server.port}/")

    start = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "status 500"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "status 204"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
            "compressed",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", "compressed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx", "broke off|larger"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", "broke off"),
        (b"hello", "broke off"),
        (b"", "broke off"),
        (b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", "redirects|http"),
    ],
)
def test_answers_that_are_no_file(answer: bytes, message: str) -> None:
    async def run() -> None:
        async with local(answer) as server:
            with pytest.raises(UrlError, match=message):
                await Fetcher(LIMITS, allow=["127.0.0.1"]).fetch(f"http://127.0.0.1:{server.port}/")

    asyncio.run(run())


def test_a_host_without_an_address() -> None:
    with pytest.raises(UrlError, match="could not be reached"):
        fetch("http://nowhere.test/", Fetcher(LIMITS, resolve=answers()))


def test_tls_is_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "photos.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    trusting = ssl.create_default_context(cafile=str(certificate.chain))

    async def run() -> None:
        async with local(HELLO, context) as server:
            allow = [f"photos.test:{server.port}", f"other.test:{server.port}"]
            resolve = answers(photos_test="127.0.0.1", other_test="127.0.0.1")
            fetcher = Fetcher(LIMITS, allow=allow, resolve=resolve, tls=trusting)
            assert await fetcher.fetch(f"https://photos.test:{server.port}/") == b"hello"
            with pytest.raises(UrlError, match="certificate"):
                await fetcher.fetch(f"https://other.test:{server.port}/")
            with pytest.raises(UrlError, match="certificate"):  # which no authority has signed
                await Fetcher(LIMITS, allow=allow, resolve=resolve).fetch(
                    f"https://photos.test:{server.port}/"
                )

    asyncio.run(run())


def test_a_large_file_goes_into_a_file_and_may_take_its_time(tmp_path: Path) -> None:
    async def run() -> None:
        parts = [bytes([number]) * 10_000 for number in range(12)]
        async with local(chunks(parts, 0.1)) as server:
            url = f"http://127.0.0.1:{server.port}/"
            fetcher = Fetcher(LIMITS, allow=["127.0.0.1"])
            with (tmp_path / "file").open("w+b") as file:
                await fetcher.download(url, file, most=120_000, seconds=20)
                file.seek(0)
                assert file.read() == b"".join(parts)
            with (tmp_path / "file").open("wb") as file:
                with pytest.raises(UrlTooLargeError, match="limit of 119999 bytes"):
                    await fetcher.download(url, file, most=119_999, seconds=20)
                with pytest.raises(UrlError, match=r"within 0\.3 seconds"):
                    await fetcher.download(url, file, most=120_000, seconds=0.3)

    asyncio.run(run())


def test_a_full_disk_is_no_fault_of_the_url(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any, /) -> int:
            raise OSError(28, "No space left on device")

    async def run() -> None:
        async with local(HELLO) as server:
            fetcher = Fetcher(LIMITS, allow=["127.0.0.1"])
            url = f"http://127.0.0.1:{server.port}/"
            with pytest.raises(OutputError, match="No space left"):
                await fetcher.download(url, Full(), most=100, seconds=5)

    asyncio.run(run())
