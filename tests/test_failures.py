"""Why a connection failed, as an operator reads it: on real sockets, through the libraries that are in use."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jenkins_mfa.errors import MessengerUnavailableError, StoreUnavailableError
from jenkins_mfa.failures import why
from jenkins_mfa.slack.app import web_client
from jenkins_mfa.slack.calls import call
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.settings import Settings


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port on which a test answers as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def answering(listener: socket.socket, talk: Callable[[socket.socket], None]) -> str:
    """Serve one connection in a thread; returns host and port."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            talk(connection)

    threading.Thread(target=serve, daemon=True).start()
    return f"127.0.0.1:{listener.getsockname()[1]}"


def reason(url: str, **options: float) -> str:
    """What is said of a request that fails."""
    with pytest.raises(requests.RequestException) as caught:
        requests.get(url, **({"timeout": 10.0} | options))  # type: ignore[arg-type]
    return why(caught.value)


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's side with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    file = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_nobody_listens() -> None:
    """A server that is down, or a wrong port."""
    assert reason("http://127.0.0.1:1/") == "the host refused the connection"


def test_the_name_is_not_known() -> None:
    """A typo in the host's name."""
    assert reason("http://jenkins.invalid/") == "the host's name is not known"


def test_nothing_comes(listener: socket.socket) -> None:
    """A server that takes the connection and does not answer."""
    assert reason(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=0.1) == "no answer in time"


def test_the_connection_is_cut(listener: socket.socket) -> None:
    """A server that ends in the middle."""
    place = answering(listener, lambda connection: connection.close())
    assert reason(f"http://{place}/") == "the connection was cut, or the answer was not whole"


def test_https_is_asked_of_a_plain_port(listener: socket.socket) -> None:
    """A wrong scheme."""
    place = answering(listener, lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert reason(f"https://{place}/") == "no TLS connection could be made; is it http instead of https?"


def test_the_certificate_is_not_trusted(listener: socket.socket, tmp_path: Path) -> None:
    """A private authority, or somebody in between."""
    context = self_signed(tmp_path)

    def talk(connection: socket.socket) -> None:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True).recv(1)

    told = reason(f"https://{answering(listener, talk)}/")
    assert told.startswith("its certificate is not trusted (self")


def test_slack_is_told_in_the_same_words() -> None:
    """The SDK's own error does not come through."""
    with pytest.raises(MessengerUnavailableError) as caught:
        call(web_client("xoxb-1", "http://127.0.0.1:1/api/").auth_test)
    assert str(caught.value) == "Slack does not answer: the host refused the connection"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"-NOAUTH Authentication required.\r\n", "it does not take the user and password of [store] url"),
        (b"-WRONGPASS invalid username-password pair\r\n", "it does not take the user and password of [store] url"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "it still loads its files"),
    ],
)
def test_the_store_is_told_in_the_same_words(listener: socket.socket, answer: bytes, told: str) -> None:
    """With its address, without its password."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer * 8)

    thread = threading.Thread(target=serve)
    thread.start()
    place = f"127.0.0.1:{listener.getsockname()[1]}/0"
    with pytest.raises(StoreUnavailableError) as caught, open_store(Settings(f"redis://:hunter2@{place}"), b"0" * 32):
        pass
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    assert str(caught.value) == f"the store cannot be used now: {told} ([store] url redis://{place})"
