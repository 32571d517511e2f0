"""Servers whose certificate has expired: nothing is sent to them, and to the agent they are as if cut off."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests.adapters
from slack_sdk import WebClient

from certificates import BEGIN, Maker
from jenkins_mfa.errors import MessengerUnavailableError, SourceUnavailableError, StoreUnavailableError
from jenkins_mfa.slack.calls import call
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.wire import Wire


class Expired:
    """Listens with such a certificate; `got` is what clients have sent to it inside TLS."""

    def __init__(self, folder: Path) -> None:
        maker = Maker.new()
        key, certificate = maker.host("localhost", until=BEGIN + datetime.timedelta(days=1))
        (folder / "pair.pem").write_bytes(key + certificate)
        self.authority, self.got = folder / "ca.pem", b""
        self.authority.write_bytes(maker.pem)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "pair.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                with self._context.wrap_socket(self.listener.accept()[0], server_side=True) as client:
                    self.got += client.recv(1 << 16)
            except ssl.SSLError:
                continue
            except OSError:
                return


@pytest.fixture
def expired(short_path: Path) -> Iterator[Expired]:
    server = Expired(short_path)
    yield server
    server.listener.close()


def test_jenkins_with_an_expired_certificate_gets_no_token(expired: Expired, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again later, as one that cannot be reached."""
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(expired.authority))
    with pytest.raises(SourceUnavailableError, match="expired"):
        Client(f"https://{expired.address}/", "mfa-agent", "token").get("", "url")
    assert expired.got == b""


def test_a_store_with_an_expired_certificate_gets_no_password(expired: Expired) -> None:
    """Nothing goes on without it."""
    url = f"rediss://:password@{expired.address}?ssl_ca_certs={expired.authority}"
    with client_for(url) as client, pytest.raises(StoreUnavailableError, match="expired"):
        Wire(client, "{mfa}", lambda: 0).now()
    assert expired.got == b""


def test_slack_with_an_expired_certificate_gets_no_token(expired: Expired) -> None:
    """Messages wait."""
    trusting = ssl.create_default_context(cafile=str(expired.authority))
    client = WebClient("xoxb-token", base_url=f"https://{expired.address}/api/", ssl=trusting, retry_handlers=[])
    with pytest.raises(MessengerUnavailableError, match="expired"):
        call(client.api_test)
    assert expired.got == b""
