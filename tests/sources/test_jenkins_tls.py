"""A controller behind a private CA, one that wants a certificate of ours, and the way out through a proxy."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from certificates import Maker
from jenkins_mfa.errors import SourceUnavailableError
from jenkins_mfa.outbound import Tls
from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.sources.jenkins.client import Client


class Files:
    """A private CA with a host's certificate and one of ours, and a CA that neither comes from."""

    def __init__(self, folder: Path) -> None:
        ours, other = Maker.new("Private CA"), Maker.new("Other CA")
        self.ca, self.other = self._write(folder, "ca", ours.pem), self._write(folder, "other", other.pem)
        self.host_key, self.host = self._pair(folder, "localhost", ours)
        self.our_key, self.our = self._pair(folder, "agent", ours)

    def _pair(self, folder: Path, name: str, of: Maker) -> tuple[Path, Path]:
        key, certificate = of.host(name)
        return self._write(folder, f"{name}.key", key), self._write(folder, name, certificate)

    @staticmethod
    def _write(folder: Path, name: str, content: bytes) -> Path:
        path = folder / f"{name}.pem"
        path.write_bytes(content)
        return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@contextmanager
def speaking_tls(files: Files, *, asks: bool = False) -> Iterator[tuple[JenkinsSimulator, str]]:
    """A controller that speaks TLS; `asks`: only with those who show a certificate of the private CA."""
    with JenkinsSimulator() as sim:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.host, files.host_key)
        if asks:
            context.load_verify_locations(files.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        assert sim._server is not None
        plain = sim._server.socket
        sim._server.socket = context.wrap_socket(plain, server_side=True)
        yield sim, sim.url.replace("http://127.0.0.1", "https://localhost")


def client(sim: JenkinsSimulator, url: str, tls: Tls) -> Client:
    return Client(url, "agent-min", sim.auth("agent-min")[1], tls)


def test_a_private_ca_is_trusted_where_it_is_named(files: Files) -> None:
    """With its file Jenkins is read; with another one, or none, nothing is sent, whatever the system says."""
    with speaking_tls(files) as (sim, url):
        assert client(sim, url, Tls(ca_file=files.ca)).get("", "url").body
        for wrong in (Tls(ca_file=files.other), Tls()):
            with pytest.raises(SourceUnavailableError, match="its certificate is not trusted"):
                client(sim, url, wrong).get("", "url")
        assert [seen.user for seen in sim.requests] == ["agent-min"]


def test_our_certificate_is_shown_to_a_controller_that_asks(files: Files) -> None:
    """Without it there is no connection."""
    with speaking_tls(files, asks=True) as (sim, url):
        shown = Tls(ca_file=files.ca, cert_file=files.our, key_file=files.our_key)
        assert client(sim, url, shown).get("", "url").body
        with pytest.raises(SourceUnavailableError):
            client(sim, url, Tls(ca_file=files.ca)).get("", "url")
        assert len(sim.requests) == 1


@pytest.mark.parametrize(("besides", "asked"), [("", ["http://ci.invalid/api/json?tree=url"]), ("ci.invalid", [])])
def test_the_environments_proxy_is_the_way_out(monkeypatch: pytest.MonkeyPatch, besides: str, asked: list[str]) -> None:
    """HTTP_PROXY holds but for NO_PROXY: the name is asked of the proxy then, else of nobody."""
    seen: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}/")
        monkeypatch.setenv("no_proxy", besides)
        jenkins = Client("http://ci.invalid/", "mfa-agent", "token-of-mfa-agent")
        try:
            jenkins.get("", "url")
        except SourceUnavailableError:
            assert besides
        proxy.shutdown()
    assert seen == asked
