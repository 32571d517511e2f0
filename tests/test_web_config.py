"""[web]: every fault has its sentence; without the table there are no pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from certificates import Maker
from cli_files import without_pages, write
from jenkins_mfa import config as configuration
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.web.settings import Settings


def read(folder: Path, *lines: str) -> Settings | None:
    path = without_pages(write(folder))
    path.write_text(path.read_text() + "\n" + "\n".join(lines) + "\n")
    return configuration.load(path).web


def test_without_the_table_there_are_no_pages(tmp_path: Path) -> None:
    """The agent has no inbound port of its own then."""
    assert read(tmp_path) is None


def test_for_this_computer_alone(tmp_path: Path) -> None:
    """`http://localhost` is the one address without TLS that browsers give keys to."""
    found = read(tmp_path, "[web]", 'listen = "127.0.0.1:8443"', 'url = "http://localhost:8443/"')
    assert found == Settings("127.0.0.1", 8443, "http://localhost:8443")
    assert (found.party.id, found.authority, found.secure) == ("localhost", "localhost:8443", False)


def test_behind_a_proxy(tmp_path: Path) -> None:
    """Named by address; the scheme's own port is left out, as browsers do."""
    found = read(
        tmp_path,
        "[web]",
        'listen = "[::1]:8080"',
        'url = "https://mfa.example.com:443"',
        'proxies = ["10.0.0.1", "10.1.0.0/24"]',
        "connections = 100",
    )
    proxies = ("10.0.0.1", "10.1.0.0/24")
    assert found == Settings("::1", 8080, "https://mfa.example.com", proxies=proxies, connections=100)
    assert (found.party.id, found.authority, found.secure) == ("mfa.example.com", "mfa.example.com", True)


LISTEN, URL, PROXIES = 'listen = "127.0.0.1:8443"', 'url = "https://mfa.example.com"', 'proxies = ["10.0.0.1"]'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((URL, PROXIES), "listen is missing; allowed: an address and a port"),
        ((LISTEN, PROXIES), "url is missing; allowed: https://host"),
        (('listen = "8443"', URL, PROXIES), 'listen: seen: "8443"'),
        (('listen = "127.0.0.1:0"', URL, PROXIES), "allowed: an address and a port such as"),
        (('listen = "127.0.0.1:65536"', URL, PROXIES), "allowed: an address and a port such as"),
        (('listen = "localhost:80"', URL, PROXIES), "allowed: an address and a port such as"),
        ((LISTEN, 'url = "http://mfa.example.com"', PROXIES), "or http://localhost:port; behind a proxy"),
        ((LISTEN, 'url = "https://mfa.example.com/a//b"', PROXIES), "a path has letters, digits"),
        ((LISTEN, 'url = "https://mfa.example.com/../b"', PROXIES), "a path has letters, digits"),
        ((LISTEN, 'url = "http://localhost:8443/mfa"'), "only a proxy has other pages beside these"),
        ((LISTEN, 'url = "https://user@mfa.example.com"', PROXIES), "behind a proxy also with a path"),
        ((LISTEN, 'url = "https://mfa.example.com?x"', PROXIES), "behind a proxy also with a path"),
        ((LISTEN, 'url = "https://10.0.0.5"', PROXIES), "behind a proxy also with a path"),
        ((LISTEN, 'url = "https://[::1]"', PROXIES), "a host name of letters"),
        ((LISTEN, 'url = "https://mfa"', PROXIES), "a host name of letters"),
        ((LISTEN, 'url = "https://mfa.example.com:port"', PROXIES), "behind a proxy also with a path"),
        ((LISTEN, URL), "nobody would speak TLS here"),
        ((LISTEN, URL, 'proxies = ["*"]'), "each named; not everybody"),
        ((LISTEN, URL, 'proxies = ["0.0.0.0/0"]'), "each named; not everybody"),
        ((LISTEN, URL, 'proxies = ["proxy.example.com"]'), "each named; not everybody"),
        ((LISTEN, URL, 'proxies = "10.0.0.1"'), "a list of addresses"),
        ((LISTEN, URL, 'cert_file = "a.crt"'), "key_file: a certificate and its key belong together"),
        ((LISTEN, URL, 'key_file = "a.key"'), "cert_file: a certificate and its key belong together"),
        ((LISTEN, URL, PROXIES, 'cert_file = "a"', 'key_file = "b"'), "leave one of them out"),
        ((LISTEN, 'url = "http://localhost"', 'cert_file = "a"', 'key_file = "b"'), "is reached by https://"),
        ((LISTEN, URL, 'cert_file = "a.crt"', 'key_file = "a.key"'), "cannot be read"),
        ((LISTEN, URL, 'cert_file = "config.toml"', 'key_file = "open.key"'), "mend: chmod 600"),
        ((LISTEN, URL, 'cert_file = "config.toml"', 'key_file = "jenkins.token"'), "no certificate and its key"),
        (('listen = "0.0.0.0:8443"', 'url = "http://localhost:8443"'), "is for this computer alone"),
        ((LISTEN, URL, PROXIES, "connections = 5"), "a number from 10 to 20000"),
        ((LISTEN, URL, PROXIES, 'certfile = "x"'), "nearest: cert_file"),
    ],
)
def test_a_fault_is_told_with_its_mend(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    """All at the start, at the table, with what is allowed."""
    (tmp_path / "open.key").write_text("x")
    (tmp_path / "open.key").chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "[web]", *lines)
    assert any(told in problem for problem in caught.value.problems), caught.value.problems
    assert all("config.toml" in problem and "[web]" in problem for problem in caught.value.problems)
    assert len(caught.value.problems) == 1


def test_roots_of_models_are_a_file_of_certificates(tmp_path: Path) -> None:
    """Named, readable, in PEM; where secrets are left alone, so is it."""
    lines = ("[web]", LISTEN, URL, PROXIES, 'model_roots = "roots.pem"')
    with pytest.raises(ConfigError, match=r"model_roots: .*roots.pem cannot be read: "):
        read(tmp_path, *lines)
    assert configuration.load(tmp_path / "config.toml", with_secrets=False).web is not None
    for wrong in (b"no certificate", Maker.new().strange):
        (tmp_path / "roots.pem").write_bytes(wrong)
        with pytest.raises(ConfigError, match=r"roots.pem holds no root certificates in PEM"):
            configuration.load(tmp_path / "config.toml")
    (tmp_path / "roots.pem").write_bytes(Maker.new().pem)
    found = configuration.load(tmp_path / "config.toml").web
    assert found is not None
    assert found.model_roots == tmp_path / "roots.pem"


def test_key_models_need_roots(tmp_path: Path) -> None:
    """A list without them would be believed on its word (S7)."""
    model = 'key_models = ["2FC0579F-8113-47EA-B116-BB5A8DB9202A"]\n'
    read(tmp_path, "[web]", LISTEN, URL, PROXIES)
    policy = tmp_path / "policy.toml"
    policy.write_text(model + policy.read_text())
    with pytest.raises(ConfigError, match="key_models: nothing proves that a key is of one of these models; mend: "):
        configuration.load(tmp_path / "config.toml")
    (tmp_path / "roots.pem").write_bytes(Maker.new().pem)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text() + 'model_roots = "roots.pem"\n')
    found = configuration.load(config).policy.key_models
    assert found == {"2fc0579f-8113-47ea-b116-bb5a8db9202a"}


@pytest.mark.parametrize("model", ["2fc0579f", "00000000-0000-0000-0000-000000000000", "yubikey"])
def test_what_is_no_model_is_refused(tmp_path: Path, model: str) -> None:
    """Only zeros are what a key says that does not name its model."""
    read(tmp_path)
    policy = tmp_path / "policy.toml"
    policy.write_text(f'key_models = ["{model}"]\n' + policy.read_text())
    with pytest.raises(ConfigError, match=f'key_models: seen: "{model}" .text.; allowed: AAGUIDs such as'):
        configuration.load(tmp_path / "config.toml")
