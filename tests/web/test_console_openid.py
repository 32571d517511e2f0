"""What Slack's sign-in is asked with, and for how long: whoever answers in its place gets and holds nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.web.console import openid
from jenkins_mfa.web.console.asked import Secrets
from jenkins_mfa.web.console.settings import SlackSignIn

ENDLESS = threading.Event()  #: never set: what is sent now and then


@contextmanager
def answering(talk: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[openid.OpenId]:
    """A client of whoever talks so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):
                talk(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        issuer = f"http://127.0.0.1:{server.server_port}"
        yield openid.OpenId(SlackSignIn(issuer, "T1", "2141.6926", Path("nowhere")), "https://mfa.example.com/back")
        server.shutdown()


def ask(client: openid.OpenId) -> None:
    with pytest.raises(MessengerUnavailableError):
        client.address(Secrets("s", "n", "v"))


def test_a_byte_now_and_then_holds_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read gets its byte in time; the whole answer does not come in time."""
    monkeypatch.setattr(openid, "SECONDS", 0.3)

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(60):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            ENDLESS.wait(0.05)

    with answering(trickle) as client:
        began = time.monotonic()
        ask(client)
        assert time.monotonic() - began < 2


def test_an_answer_without_an_end_is_left() -> None:
    """No more than a part of it is ever kept."""

    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)

    with answering(pour) as client:
        ask(client)


def test_nothing_of_netrc_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of the host's users are not this agent's to send."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen: list[str | None] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        handler.send_response(500)
        handler.end_headers()

    with answering(note) as client:
        ask(client)
    assert seen == [None]
