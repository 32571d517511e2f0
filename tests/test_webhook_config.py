"""[webhook] of config.toml: where gates are announced to, and a sentence for each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

import cli_files
from jenkins_mfa import config as configuration
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.hook import Hook
from jenkins_mfa.outbound import Tls
from receivers import SECRET, Files

URL = 'url = "https://chat.example.com/jenkins-mfa"'
FILE = 'secret_file = "siem.secret"'


def read(folder: Path, *lines: str) -> Hook | None:
    path = cli_files.write(folder)
    Files(folder)
    path.write_text("\n".join([path.read_text(), *lines, ""]))
    return configuration.load(path).webhook


def test_it_is_off_where_it_is_left_out(tmp_path: Path) -> None:
    """And taken with a private CA."""
    assert read(tmp_path / "off") is None
    found = read(tmp_path / "on", "[webhook]", URL, FILE, 'ca_file = "ca.pem"')
    folder = tmp_path / "on"
    assert found == Hook(URL.split('"')[1], folder / "siem.secret", Tls(folder / "ca.pem"))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((URL,), "secret_file is missing; allowed: .*openssl rand"),
        (('url = "http://chat.example.com/"', FILE), "url: seen: .*allowed: https://host/path"),
        (('url = "https://a:b@chat.example.com/"', FILE), "url: seen: "),
        (('url = "https://chat.example.com/?token=1"', FILE), "url: seen: "),
        ((URL, 'secret_file = "gone"'), "secret_file: .*gone cannot be read"),
        ((URL, FILE, 'secret = "x"'), "secret: this key is not known"),
    ],
)
def test_faults_are_told_with_their_mend(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    """Before the agent starts, and without the secret."""
    with pytest.raises(ConfigError, match=told) as caught:
        read(tmp_path, "[webhook]", *lines)
    assert SECRET[6:] not in str(caught.value)
