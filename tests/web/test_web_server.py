"""What stands before every page, over real sockets: size, host, origin, headers, TLS, limits, the way to stop."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message
from web_kit import Place, served

from jenkins_mfa import key_takeover
from jenkins_mfa.errors import ConfigError, StoreUnavailableError
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.web import guard, health, server, session
from jenkins_mfa.web.server import WebServer
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web.waiting import Waiters

STRICT = {
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "publickey-credentials-get=(self)",
}


def raw(place: Place, request: bytes, *, more: bytes = b"", seconds: float = 10) -> bytes:
    """What the server answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", place.settings.port), seconds) as wire:
        wire.sendall(request)
        found = b""
        try:
            if more:
                wire.sendall(more)
            while piece := wire.recv(65_536):
                found += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return found


def head(place: Place, line: str, *headers: str) -> bytes:
    host = f"Host: {place.settings.authority}"
    return "\r\n".join((line, host, *headers, "Connection: close", "", "")).encode()


@pytest.mark.parametrize("path", ["/open", "/static/page.js", "/static/page.css", "/livez", "/readyz", "/nothing", "/"])
def test_every_answer_has_the_strict_headers(place: Place, path: str) -> None:
    """Factors 1: also those that say that something is not there."""
    found = place.browser.get(path)
    for name, begins in STRICT.items():
        assert found.headers[name].startswith(begins), name
    assert "Server" not in found.headers
    assert "Strict-Transport-Security" not in found.headers
    policy = found.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy


def test_what_the_server_itself_refuses_has_them_too(place: Place) -> None:
    """A wrong host is refused before any page."""
    found = requests.get(f"http://127.0.0.1:{place.settings.port}/open", timeout=10)
    assert found.status_code == 421
    assert found.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("host", ["evil.example.com", "localhost", "localhost:1", "LOCALHOST.evil", ""])
def test_another_host_is_refused(place: Place, host: str) -> None:
    """DNS rebinding: the name that the browser believes must be ours, with its port."""
    answer = raw(place, f"GET /open HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert b" 421 " in answer.split(b"\r\n")[0]


def test_health_answers_at_whatever_address_machines_know(place: Place) -> None:
    """Probes come by number."""
    found = requests.get(f"http://127.0.0.1:{place.settings.port}/livez", timeout=10)
    assert (found.status_code, found.json()["live"]) == (200, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": ""},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_only_our_own_page_may_send(place: Place, headers: dict[str, str]) -> None:
    """Cross-site request forgery; attack row 18: another port of the same host is another origin."""
    assert place.browser.post("/open", {"token": "x"}, **headers).status_code == 403
    assert place.browser.post("/open", {"token": "x"}).status_code == 409


def refused(place: Place, parts: int, *headers: tuple[bytes, bytes]) -> list[object]:
    """What a page that refuses does with a body in so many parts of 64 KiB: takes a part, or answers with a status."""
    seen: list[object] = []

    async def receive() -> Message:
        assert len(seen) < parts, "nothing more comes"
        seen.append("part")
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": len(seen) < parts}

    async def send(message: Message) -> None:
        seen.append(message.get("status"))

    async def page(*_: object) -> None:
        seen.append("page")

    origin = (b"origin", place.settings.origin.encode()), (b"host", place.settings.authority.encode())
    sent = {"type": "http", "path": "/open", "method": "POST", "headers": [*origin, *headers]}
    asyncio.run(guard.Guard(page, place.settings)(sent, receive, send))
    return seen


@pytest.mark.parametrize(("parts", "taken"), [(3, 3), (100, 16)])
def test_who_is_refused_reads_why_whatever_they_had_still_to_send(place: Place, parts: int, taken: int) -> None:
    """The connection does not end over what was not read, up to 1 MiB: a reset would be all that they learn."""
    assert refused(place, parts, (b"content-length", b"9999999")) == ["part"] * taken + [413, None]


def test_who_asks_whether_to_send_what_is_refused_is_not_invited(place: Place) -> None:
    """`Expect: 100-continue`: whoever reads a part says yes to it (RFC 9110, 10.1.1)."""
    headers = (b"content-length", b"9999999"), (b"expect", b"100-continue")
    assert refused(place, 3, *headers) == [413, None]


@pytest.mark.parametrize("parts", [1, 2])
def test_a_body_that_has_come_whole_is_not_waited_for(place: Place, parts: int) -> None:
    """In chunks, whose length is known once they are there."""
    assert refused(place, parts, (b"transfer-encoding", b"chunked")) == ["part"] * parts + [413, None]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"token": 5}', "application/json", 400),
        (b'{"token": "x", "token": "y"}', "application/json", 400),
        (b'{"token": "x"}', "text/plain", 400),
        (b'{"token": "' + b"x" * 65 + b'"}', "application/json", 400),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "application/json", 413),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"token": "' + b"x" * 5_000_000 + b'"}', "application/json", 413),
    ],
)
def test_row_23_a_body_that_no_page_sends_is_refused(place: Place, body: bytes, kind: str, status: int) -> None:
    """Attack row 23: huge or deep JSON gets 413 or 400 before it is parsed, and never a 500 (S15)."""
    url = place.settings.url
    try:
        found = requests.post(
            f"{url}/open", data=body, headers={"Content-Type": kind, "Origin": url, "Connection": "close"}, timeout=10
        )
    except requests.ConnectionError:
        assert status == 413  # it hung up on us before we had sent it all
        return
    assert found.status_code == status
    assert "Traceback" not in found.text


def test_chunks_are_counted(place: Place) -> None:
    """Factors 2: who sends chunks tells no length; 17 KiB are refused, whatever comes after."""
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    origin = f"Origin: {place.settings.url}"
    request = head(place, "POST /open HTTP/1.1", origin, "Transfer-Encoding: chunked")
    assert b" 413 " in raw(place, request, more=chunk * 17)[:20]


def test_a_length_and_chunks_together_are_refused(place: Place) -> None:
    """Request smuggling: uvicorn takes the chunks, a proxy may take the length."""
    origin = f"Origin: {place.settings.url}"
    request = head(place, "POST /open HTTP/1.1", origin, "Content-Length: 5", "Transfer-Encoding: chunked")
    assert b" 400 " in raw(place, request, more=b"0\r\n\r\n")[:20]


def test_row_42_a_slow_body_is_given_up(here: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack row 42: slow bodies hold nothing for long."""
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    with served(here) as place:
        origin = f"Origin: {place.settings.url}"
        assert b" 408 " in raw(place, head(place, "POST /open HTTP/1.1", origin, "Content-Length: 5"))[:20]


@pytest.mark.parametrize("begun", [b"", b"GET /livez HTTP/1.1\r\nHost: a"])
def test_row_42_half_a_head_is_given_up(here: Desk, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    """Attack row 42, factors 2: uvicorn waits for ever."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    with served(here) as place:
        before = time.monotonic()
        assert raw(place, begun) == b""
        assert time.monotonic() - before < 5


def test_row_42_there_is_a_limit_of_connections(here: Desk) -> None:
    """Attack row 42: what is beyond it is let go of at once; when others have left, it goes on."""
    with served(here, connections=10) as place:
        idle = [socket.create_connection(("127.0.0.1", place.settings.port), 10) for _ in range(12)]
        with suppress(ConnectionResetError):
            assert idle[-1].recv(1) == b""
        for one in idle:
            one.close()
        limit = time.monotonic() + 10
        while True:
            try:
                if place.browser.get("/livez").status_code == 200:
                    break
            except requests.ConnectionError:
                assert time.monotonic() < limit


def test_s15_an_exception_tells_nothing(here: Desk) -> None:
    """S15: a page never shows what went wrong inside."""

    async def broken(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("the secret is 42")

    with served(here, broken) as place:
        found = place.browser.get("/")
        assert found.status_code == 500
        assert found.text == "jenkins-mfa: not possible.\n"
        assert found.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_s17_a_store_that_is_away_is_told_plainly(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """S17: nothing goes on meanwhile; /livez lives, /readyz does not, and neither tells where the store is."""

    def away() -> int:
        raise StoreUnavailableError("redis at secret-host:6379 is away")

    monkeypatch.setattr(place.desk.store, "now", away)
    ready = place.browser.get("/readyz")
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["the store cannot be reached"])
    assert place.browser.get("/livez").status_code == 200
    sent = place.browser.post("/open", {"token": "x"})
    assert sent.status_code == 503
    assert "secret-host" not in ready.text + sent.text


def test_row_43_forwarded_addresses_are_taken_from_named_proxies_alone(here: Desk) -> None:
    """Attack row 43: forged X-Forwarded-For; off unless the proxy is named."""

    async def shows(scope: object, receive: object, send: object) -> None:
        request = Request(scope)  # type: ignore[arg-type]
        where = f"{request.client.host if request.client else ''} {request.url.scheme}"
        await PlainTextResponse(where)(scope, receive, send)  # type: ignore[arg-type]

    sent = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with served(here, shows) as place:
        assert place.browser.get("/", **sent).text == "127.0.0.1 http"
    with served(here, shows, proxies=("127.0.0.1",)) as place:
        assert place.browser.get("/", **sent).text == "203.0.113.9 https"
    with served(here, shows, proxies=("127.0.0.0/30",)) as place:
        assert place.browser.get("/", **sent).text == "203.0.113.9 https"


def test_behind_a_proxy_nobody_else_is_answered(here: Desk) -> None:
    """TLS ends at the proxy, so whoever comes past it is not heard; machines may ask for health."""
    with served(here, proxies=("10.9.8.7",)) as place:
        assert place.browser.get("/open").status_code == 403
        assert place.browser.get("/livez").status_code == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_its_own_certificate(here: Desk, certificate: Callable[[str], tuple[Path, Path]]) -> None:
    """TLS 1.2 and 1.3, no older; HSTS."""
    cert, key = certificate("first")
    port = free_port()
    url = f"https://localhost:{port}"
    with served(here, port=port, url=url, cert_file=cert, key_file=key):
        found = requests.get(f"{url}/open", verify=str(cert), timeout=10)
        assert found.status_code == 200
        assert found.headers["Strict-Transport-Security"] == "max-age=31536000"
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", port), 10) as wire, pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(wire, server_hostname="localhost")


def shown(port: int) -> bytes:
    """The certificate that the server shows now."""
    any_one = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    any_one.check_hostname, any_one.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as wire, any_one.wrap_socket(wire) as tls:
        return tls.getpeercert(binary_form=True) or b""


def test_a_renewed_certificate_is_taken_over_and_a_wrong_pair_is_not(
    here: Desk, certificate: Callable[[str], tuple[Path, Path]]
) -> None:
    """Reloaded when the file changes; a wrong pair is refused and reported once, the old one goes on."""
    cert, key = certificate("first")
    renewed, its_key = certificate("second")
    port = free_port()
    with served(here, port=port, url=f"https://localhost:{port}", cert_file=cert, key_file=key) as place:
        assert place.server.certificate is not None
        watched = key_takeover.pages(place.server.certificate, here)
        first = shown(port)
        cert.write_bytes(renewed.read_bytes())
        for _ in range(3):
            watched.look()
        (alert,) = [name for name in here.store.lanes if name.startswith("alert:")]  # type: ignore[attr-defined]
        assert "certificate_refused" in alert
        assert "no certificate and its key" in watched.problem
        assert shown(port) == first
        key.write_bytes(its_key.read_bytes())
        for _ in range(3):
            watched.look()
        assert watched.problem == ""
        assert shown(port) != first


def test_a_taken_address_ends_the_start(place: Place) -> None:
    """The operator reads which."""
    settings = Settings("127.0.0.1", place.settings.port, place.settings.url)
    with pytest.raises(
        ConfigError, match=r"\[web\] listen: 127\.0\.0\.1:\d+ cannot be taken: .*; mend: end what listens there"
    ):
        WebServer(place.server._server.config.app, settings, Waiters()).bind()  # type: ignore[arg-type]


def test_a_server_that_ends_by_itself_ends_the_agent(here: Desk) -> None:
    """Critical threads: the process must not live on without its pages."""
    settings = Settings("127.0.0.1", free_port(), "http://localhost:1")
    crew, running = Crew(), WebServer(PlainTextResponse("x"), settings, Waiters())
    running.bind()
    running.start(crew)
    running._server.should_exit = True
    assert crew.failed.wait(10)


def test_the_stop_wakes_who_waits_first(here: Desk) -> None:
    """Factors 2: a waiting client gets its answer at the stop, not a 500 after the grace."""
    waiting, answers = Waiters(), []
    begun = threading.Event()

    async def waits(scope: object, receive: object, send: object) -> None:
        begun.set()
        found = await waiting.changed("name", lambda: "same", "same")
        await PlainTextResponse(found)(scope, receive, send)  # type: ignore[arg-type]

    port = free_port()
    settings = Settings("127.0.0.1", port, f"http://localhost:{port}")
    crew, running = Crew(), WebServer(waits, settings, waiting)  # type: ignore[arg-type]
    running.bind()
    running.start(crew)
    asking = threading.Thread(target=lambda: answers.append(requests.get(f"http://localhost:{port}/wait", timeout=20)))
    asking.start()
    assert begun.wait(10)
    before = time.monotonic()
    running.stop()
    asking.join(10)
    assert (answers[0].status_code, answers[0].text) == (200, "same")
    assert crew.stop(10)
    assert time.monotonic() - before < 2


def test_row_41_a_thousand_waiting_pages_leave_health_alone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack row 41: 1,000 requests wait, each for something of its own; health answers under 50 ms.
    The least of some tries counts, since other work shares the machine.
    """
    monkeypatch.setattr(health, "TABS", 1_000)  # one person stands for a thousand
    now = place.desk.store.now()
    key = place.desk.keys.mac_key
    wires = []
    for number in range(1_000):
        about = f"g_{number:032x}.1"
        cookie = session.write(Session(Purpose.ANSWER, "alice", about, now + 60_000), key)
        wire = socket.create_connection(("127.0.0.1", place.settings.port), 20)
        wire.sendall(head(place, "GET /wait?seen=1 HTTP/1.1", f"Cookie: {place.settings.cookie}={cookie}"))
        wires.append(wire)
    limit = time.monotonic() + 30
    while place.site.waiters.count < 1_000:
        assert time.monotonic() < limit
        place.browser.get("/livez")
    spent = []
    browser = place.browser
    for _ in range(20):
        began = time.perf_counter()
        assert browser.get("/livez").status_code == 200
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.05
    assert threading.active_count() < 100
    for wire in wires:
        wire.close()
