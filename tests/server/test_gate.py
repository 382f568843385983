"""What stands around every dialect, against a real process."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.certificate import make_certificate
from tests.server.process import HEADER, Running, read_all, running

NO_KEY = {
    "error": {
        "code": "Unspecified",
        "message": "Access denied due to invalid subscription key. Make sure you are subscribed to "
        "an API you are trying to call and provide the right key.",
    }
}


@pytest.mark.parametrize("path", ["/see", "/whoami", "/fault", "/fetch?url=x", "/none", "", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_no_path_under_a_dialect_is_reached_without_a_key(
    quick: Running, method: str, path: str
) -> None:
    for headers in ({}, {HEADER: "wrong"}, {HEADER: ""}):
        answer = httpx.request(
            method, f"{quick.address}/small/v1{path}", headers=headers, trust_env=False
        )
        assert answer.status_code == 401
        assert method == "HEAD" or answer.json() == NO_KEY


def test_a_key_for_another_dialect_does_not_open_this_one(quick: Running) -> None:
    with quick.client(headers={HEADER: quick.narrow_key}) as client:
        answer = client.get("/small/v1/whoami")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "UnsupportedFeature"


def test_prefixes_are_compared_without_case(quick: Running) -> None:
    with quick.client() as client:
        assert client.get("/Small/V1/whoami").status_code == 200
        assert client.get("/small/v10/whoami").status_code == 404
        assert client.get("/other").status_code == 404


def test_handlers_do_not_see_the_key(quick: Running) -> None:
    with httpx.Client(base_url=quick.address, trust_env=False) as client:
        answer = client.get(f"/small/v1/whoami?a=1&subscription-key={quick.key}&b=")
        assert answer.json()["query"] == {"a": "1", "b": ""}
        answer = client.get("/small/v1/whoami", headers={HEADER: quick.key})
        assert HEADER.lower() not in answer.json()["headers"]


def test_no_key_gets_into_the_log(quick: Running) -> None:
    wrong = "0123456789abcdef-wrong"
    with quick.client() as client:
        client.get(f"/small/v1/whoami?subscription-key={quick.key}")
        client.get(f"/small/v1/fault?subscription-key={quick.key}")
        client.get("/small/v1/fault")
        client.get(f"/small/v1/none?subscription-key={wrong}", headers={HEADER: ""})
        client.get("/small/v1/fetch", params={"url": f"http://10.0.0.1/{wrong}"})
        client.get("/small/v1/whoami", headers={HEADER: wrong})
    text = quick.log.read_text()
    assert "ZeroDivisionError" in text
    assert quick.key not in text
    assert wrong not in text


def test_a_fault_answers_500_with_no_details_and_its_request_id(quick: Running) -> None:
    with quick.client() as client:
        answer = client.get("/small/v1/fault", headers={"x-request-id": "look-me-up"})
        assert answer.status_code == 500
        assert answer.json() == {
            "error": {
                "code": "InternalServerError",
                "message": "The service failed; its log says why.",
            }
        }
        assert client.get("/healthz").status_code == 200
    faults = [line for line in quick.lines() if line.get("request_id") == "look-me-up"]
    assert [line["event"] for line in faults] == [
        "a request failed by a fault of mien itself",
        "request",
    ]
    assert "ZeroDivisionError" in faults[0]["fault"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "ä", "{}", 'a"b'])
def test_ids_that_are_not_plain_are_replaced(quick: Running, given: str) -> None:
    with quick.client() as client:
        answer = client.get("/healthz", headers=[(b"x-request-id", given.encode())])
    made = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", made)
    assert answer.headers["apim-request-id"] == made


def written(service: Running, request: str) -> list[dict[str, Any]]:
    """The lines of a request; the last may come after its answer."""
    until = time.monotonic() + 10
    while True:
        found = [line for line in service.lines() if line.get("request_id") == request]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.02)


def test_each_request_has_one_line_without_its_path_or_query(quick: Running) -> None:
    with quick.client() as client:
        client.get("/small/v1/whoami?secret=quiet-please", headers={"x-request-id": "one-line"})
    (line,) = written(quick, "one-line")
    assert line.keys() == {
        *("time", "level", "event", "request_id", "dialect", "operation"),
        *("method", "status", "ms", "account", "key"),
    }
    assert (line["operation"], line["dialect"], line["status"]) == ("whoami", "small", 200)
    assert "quiet-please" not in str(line)


def test_pages_of_other_origins_may_not_read_answers(quick: Running, tmp_path: Path) -> None:
    ask = {"Origin": "https://web.test", "Access-Control-Request-Method": "POST"}
    with quick.client() as client:
        for answer in (
            client.get("/small/v1/whoami", headers=ask),
            client.options("/small/v1/see", headers=ask),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")]
    with running(tmp_path, "--seconds", "0", origins=["https://web.test"]) as open_to_web:
        preflight = httpx.options(
            f"{open_to_web.address}/small/v1/see",
            headers={**ask, "Access-Control-Request-Headers": HEADER},
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://web.test"
        other = httpx.options(
            f"{open_to_web.address}/small/v1/see", headers={**ask, "Origin": "https://evil.test"}
        )
        assert "access-control-allow-origin" not in other.headers


def test_metrics_count_requests_and_stages(quick: Running) -> None:
    with quick.client() as client:
        client.post("/small/v1/see", content=b"x")
        client.get("/small/v1/" + "9" * 40)
        text = client.get("/metrics").text
    assert re.search(
        r'mien_requests_total\{dialect="small",operation="see",status="200"\} [1-9]', text
    )
    assert 'mien_request_seconds_bucket{dialect="small",le="0.2",operation="see"}' in text
    assert "9" * 40 not in text
    assert "process_resident_memory_bytes" in text


def test_the_page_of_docs_asks_nothing_of_other_servers(quick: Running) -> None:
    with quick.client() as client:
        page = client.get("/docs")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert links
        for link in links:
            assert not link.startswith(("http:", "https:", "//"))
            assert client.get("/" + link).status_code == 200
        assert '["small"]' in client.get("/docs/start.js").text
        document = client.get("/docs/small.json").json()
        assert document["servers"] == [{"url": "/small/v1"}]
        assert client.get("/docs/none.json").status_code == 404
        assert client.get("/docs/ui/../../../etc/passwd").status_code == 404
        assert client.get("/docs/ui/%2e%2e/%2e%2e/__init__.py").status_code == 404


def test_a_plan_answers_429_with_the_seconds(tmp_path: Path) -> None:
    with running(tmp_path, "--seconds", "0", plan="free") as service, service.client() as client:
        statuses = [client.get("/small/v1/whoami").status_code for _ in range(20)]
        assert statuses == [200] * 20
        answer = client.get("/small/v1/whoami")
        assert answer.status_code == 429
        seconds = int(answer.headers["retry-after"])
        assert 50 <= seconds <= 60
        assert answer.json() == {
            "error": {
                "statusCode": 429,
                "message": f"Rate limit is exceeded. Try again in {seconds} seconds.",
            }
        }


def test_a_dialect_that_is_off(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[dialects]\nsmall = false\n")
    policy = str(tmp_path / "policy.toml")
    with running(tmp_path, "--seconds", "0", policy=policy) as service, service.client() as client:
        answer = client.get("/small/v1/whoami")
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "UnsupportedFeature"


def test_tls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "localhost")
    with running(
        tmp_path,
        "--seconds",
        "0",
        host="localhost",
        tls_cert=str(certificate.chain),
        tls_key=str(certificate.key),
    ) as service:
        assert service.address.startswith("https://localhost:")
        trust = ssl.create_default_context(cafile=str(certificate.chain))
        with service.client(verify=trust) as client:
            assert client.get("/healthz").json()["status"] == "ok"


SEE = "POST /small/v1/see HTTP/1.1"
END = b"\r\n"


def head(service: Running, *lines: str) -> bytes:
    all_lines = (*lines, f"Host: {service.host[0]}", f"{HEADER}: {service.key}", "", "")
    return "\r\n".join(all_lines).encode()


def test_a_head_that_does_not_come_is_not_waited_for(quick: Running) -> None:
    for beginning in (b"", b"GET /healthz HTTP/1.1\r\nHost"):
        with quick.connect() as connection:
            start = time.monotonic()
            connection.sendall(beginning)
            assert read_all(connection) == b""
            assert 1 < time.monotonic() - start < 6


def test_a_head_in_drops_is_not_waited_for(quick: Running) -> None:
    with quick.connect() as connection:
        start = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - start < 20:
                connection.sendall(b"G")
                time.sleep(0.2)
        assert time.monotonic() - start < 8


def test_a_body_that_does_not_come_is_answered_408(quick: Running) -> None:
    with quick.connect() as connection:
        connection.sendall(head(quick, SEE, "Content-Length: 50") + b"abc")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"OperationTimeOut","message":"Request Timeout."' in answer
    assert b"connection: close" in answer.lower()


def test_a_chunked_body_that_is_too_large_stops_being_read(quick: Running) -> None:
    sent = 0
    with quick.connect() as connection:
        connection.sendall(head(quick, SEE, "Transfer-Encoding: chunked"))
        connection.settimeout(5)
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            while sent < 200 * 2**20:
                connection.sendall(chunk)
                sent += len(chunk)
        except (ConnectionError, TimeoutError):
            pass
        answer = read_all(connection) if sent < 200 * 2**20 else b""
    assert sent < 50 * 2**20
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_is_a_little_too_large_gets_its_answer(quick: Running) -> None:
    with quick.client() as client:
        answer = client.post("/small/v1/see", content=iter([b"x" * 60_000, b"x" * 60_000]))
        assert answer.status_code == 413
        assert "100000 bytes" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n"
        + b"".join(b"X%d: y\r\n" % n for n in range(9000))
        + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 1000,
    ],
    ids=range(12),
)
def test_heads_that_are_abuse(quick: Running, request_bytes: bytes) -> None:
    with quick.connect() as connection:
        try:
            connection.sendall(request_bytes)
            connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass
        answer = read_all(connection)
    assert answer == b"" or re.match(rb"HTTP/1.1 (400|404|501) ", answer), answer[:100]
    with quick.client() as client:
        assert client.get("/healthz").status_code == 200


def test_a_body_with_length_and_chunks_is_not_two_requests(quick: Running) -> None:
    """Request smuggling: h11 takes the chunks and ends the connection, or refuses."""
    smuggled = b"0\r\n\r\nGET /small/v1/whoami HTTP/1.1\r\nHost: a\r\n\r\n"
    with quick.connect() as connection:
        connection.sendall(
            head(
                quick,
                "POST /healthz HTTP/1.1",
                f"Content-Length: {len(smuggled)}",
                "Transfer-Encoding: chunked",
            )
            + smuggled
        )
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert b"account" not in answer
