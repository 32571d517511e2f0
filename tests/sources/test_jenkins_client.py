from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from jenkins_kit import gate_input, gated, nonce

from jenkins_mfa.errors import (
    ConfigError,
    SourceError,
    SourceForbiddenError,
    SourceGoneError,
    SourceUnavailableError,
)
from jenkins_mfa.simulators.jenkins import ROUND_TWO, JenkinsSimulator
from jenkins_mfa.sources.jenkins import client as wire
from jenkins_mfa.sources.jenkins.client import Client, TooLargeError
from jenkins_mfa.sources.jenkins.source import JenkinsSource
from jenkins_mfa.usecases.ports import Proceed

Connect = Callable[..., JenkinsSource]


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that speaks just enough HTTP to misbehave."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                talk(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()
        thread.join()


@pytest.mark.parametrize("status", [401, 500, 502, 503, 301, 418, 429])
def test_what_may_pass_is_retried(sim: JenkinsSimulator, source: JenkinsSource, status: int) -> None:
    """Jenkins answers 401 to a valid token and 503 while it starts: neither is final."""
    sim.faults.status("/computer", status)
    with pytest.raises(SourceUnavailableError):
        source.pending()
    assert source.pending() == []


def test_a_missing_permission_says_what_to_grant(connect: Connect) -> None:
    """An operator mends that, and is told how."""
    with pytest.raises(SourceForbiddenError, match="Overall/Read"):
        connect("stranger").pending()


def test_a_wrong_token_is_never_final(connect: Connect) -> None:
    """A 401 looks the same for a wrong token and for a starting controller."""
    with pytest.raises(SourceUnavailableError, match="401, the token"):
        connect(token="wrong").pending()


def test_nothing_there_is_gone(source: JenkinsSource) -> None:
    """No job, no build, no right: all 404, and look the same."""
    with pytest.raises(SourceGoneError):
        source.client.get("job/none/1/", "building")


@pytest.mark.parametrize("body", [b"<html>", b"", b"{", b"[]", b'{"computer":', b"\xff", b"null", b'{"computer": 7}'])
def test_garbage_is_a_source_that_cannot_be_read(sim: JenkinsSimulator, source: JenkinsSource, body: bytes) -> None:
    """No partial result, no foreign exception."""
    sim.faults.body("/computer", body)
    with pytest.raises(SourceUnavailableError):
        source.pending()


def test_a_login_page_with_200_is_no_answer(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Proxies answer with their own page; a Proceed that ends there was not taken."""
    sim.faults.body("/computer", b"{}", "text/html;charset=utf-8")
    with pytest.raises(SourceUnavailableError, match="text/html"):
        source.pending()
    sim.faults.body("/proceed", b"<html>", "text/html")
    with pytest.raises(SourceUnavailableError):
        source.client.post("job/a/1/input/x/proceed", {})


def test_a_listing_beyond_the_cap_is_refused_as_it_arrives(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """50 MB instead of a listing: that poll fails, the next one goes on."""
    sim.faults.body("/computer", b" " * (50 << 20))
    with pytest.raises(TooLargeError):
        source.pending()
    assert source.pending() == []


def test_a_body_without_a_length_is_capped_too() -> None:
    """The cap counts what arrives, not what was announced."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    with raw_server(talk) as url, pytest.raises(TooLargeError):
        Client(url, "mfa-agent", "t").get("", "url", limit=1 << 20)


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
def test_no_http_at_all_is_unavailable(sent: bytes) -> None:
    """Whatever answers at that port."""
    with raw_server(lambda connection: connection.sendall(sent)) as url, pytest.raises(SourceUnavailableError):
        Client(url, "mfa-agent", "t").get("", "url")


def test_a_cut_answer_is_no_answer() -> None:
    """Fewer bytes than announced."""
    cut = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}"
    with raw_server(lambda connection: connection.sendall(cut)) as url, pytest.raises(SourceUnavailableError):
        Client(url, "mfa-agent", "t").get("", "url")


def test_a_refused_connection_is_unavailable(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """A controller that is down."""
    sim.go_down()
    with pytest.raises(SourceUnavailableError):
        source.pending()


def test_a_silent_controller_does_not_hold_a_thread(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Every request has a time-out of its own."""
    release = sim.faults.hold("/api/json")
    with pytest.raises(SourceUnavailableError, match="no answer in time"):
        source.client.get("", "url", seconds=0.1)
    release.set()


def test_a_dripping_answer_does_not_hold_a_thread() -> None:
    """A byte now and then keeps a socket's time-out from striking, so the whole answer has one."""
    stop = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b" ")

    begun = time.monotonic()
    with raw_server(talk) as url:
        with pytest.raises(SourceUnavailableError, match="no answer in time"):
            Client(url, "mfa-agent", "t").get("", "url", seconds=0.3)
        stop.set()
    assert time.monotonic() - begun < 5


def test_the_time_outs_are_those_of_the_design() -> None:
    """A loading build holds the listing for up to 60 s; everything else is quick."""
    assert (wire.CONNECT_SECONDS, wire.READ_SECONDS, wire.LISTING_SECONDS) == (5, 15, 75)
    assert (wire.LISTING_BYTES, wire.RECORD_BYTES, wire.REQUEST_BYTES) == (32 << 20, 4 << 20, 256 << 10)


def test_how_long_to_wait_is_taken_over() -> None:
    """Retry-After in seconds, within reason."""
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    with raw_server(lambda connection: connection.sendall(busy)) as url, pytest.raises(SourceUnavailableError) as told:
        Client(url, "mfa-agent", "t").get("", "url")
    assert told.value.retry_after == 7


def test_no_redirect_is_followed() -> None:
    """The token would go where the answer points."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n"
    with (
        raw_server(lambda connection: connection.sendall(moved)) as url,
        pytest.raises(SourceUnavailableError, match="302"),
    ):
        Client(url, "mfa-agent", "t").get("", "url")


def test_no_cookie_is_kept() -> None:
    """HTML answers set a session cookie; with it, requests would need a crumb."""
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Cookie"])
            self.send_response(404)
            self.send_header("Set-Cookie", "JSESSIONID=abc; Path=/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        client = Client(f"http://127.0.0.1:{server.server_port}/", "mfa-agent", "t")
        for _ in range(2):
            with pytest.raises(SourceGoneError):
                client.get("", "url")
        server.shutdown()
        thread.join()
    assert seen == [None, None]


def test_credentials_come_from_nowhere_else(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A netrc of the machine's user is not asked; the way to this machine itself leads through no proxy."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    with JenkinsSimulator() as sim:
        client = Client(sim.url, "agent-min", sim.auth("agent-min")[1])
        client.get("", "url")
        assert [seen.user for seen in sim.requests] == ["agent-min"]


@pytest.mark.parametrize("name", ["PYTHONHTTPSVERIFY", "JENKINS_API_EXTRA_HEADERS"])
def test_an_environment_that_weakens_us_is_refused_at_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-jenkins would switch off the check of certificates, or log headers."""
    monkeypatch.setenv(name, "0")
    with pytest.raises(ConfigError, match=name):
        Client("https://ci.example.com/", "mfa-agent", "t")


@pytest.mark.parametrize(
    "url", ["", "ci.example.com", "ftp://x/", "http://u:p@x/", "http://x/?a=b", "http://x/#f", "http:///x"]
)
def test_a_url_that_cannot_be_used_is_refused_at_start(url: str) -> None:
    """With the value seen, and without another one's credentials in use."""
    with pytest.raises(ConfigError):
        Client(url, "mfa-agent", "t")


def test_the_tree_is_percent_encoded() -> None:
    """Tomcat answers 400 to a bare bracket before Jenkins sees it."""
    with JenkinsSimulator(profile=ROUND_TWO) as sim:
        client = Client(sim.url, "mfa-agent", sim.auth("mfa-agent")[1])
        client.get("", "jobs[name]{0,1}")
        assert not set("[]{}") & set(sim.requests[0].path)


def test_one_connection_for_each_thread(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """python-jenkins is not thread-safe: it resolves its state lazily on the object, without a lock."""
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(source.client._connection())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in seen}) == 3
    assert source.client._connection() is source.client._connection()


def test_many_threads_share_a_source(sim: JenkinsSimulator, source: JenkinsSource) -> None:
    """Watcher and deliverers use one object."""
    sim.paused("a", gate_input())
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(source.pending()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 8


@pytest.mark.parametrize("fault", ["status", "lose", "drop", "page", "stranger"])
def test_no_secret_leaves_with_an_error(
    sim: JenkinsSimulator, connect: Connect, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither token nor receipt in a text, a repr, a log line, or an exception that ours was raised from."""
    caplog.set_level(logging.DEBUG)
    sim.job("a", gated)
    sim.build("a").wait_paused()
    source = connect()
    (paused,) = source.pending()
    if fault == "status":
        sim.faults.status("/proceed", 500)
    elif fault == "page":
        sim.faults.body("/proceed", b"<html>", "text/html")
    elif fault == "stranger":
        sim.faults.status("/proceed", 403)
    else:
        getattr(sim.faults, fault)("/proceed")
    with pytest.raises(SourceError) as told:
        source.answer(paused.ref, Proceed("eyJ.receipt.sig"))
    seen, error = [repr(source), caplog.text], told.value
    while error is not None:
        seen += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    text = "\n".join(seen)
    assert sim.auth("mfa-agent")[1] not in text
    assert "eyJ" not in text


def test_foreign_text_in_an_error_is_made_visible(sim: JenkinsSimulator, connect: Connect) -> None:
    """A submitter's name is the Jenkinsfile's text; it must not forge lines of a log."""
    refused = b"HTTP/1.1 400 X\r\nX-Error: You need to be \x1b[31m\xe2\x80\xae to submit\r\nContent-Length: 0\r\n\r\n"
    with raw_server(lambda connection: connection.sendall(refused)) as url, pytest.raises(SourceForbiddenError) as told:
        Client(url, "mfa-agent", "t").post(f"job/a/1/input/{nonce()}/proceed", {})
    assert str(told.value).isprintable()
