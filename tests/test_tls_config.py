"""`[[sources]] ca_file, cert_file, key_file`: each fault with its key and its mend, before the agent starts."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import pytest

import cli_files
from certificates import Maker
from jenkins_mfa import config as configuration
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.outbound import Tls

HTTPS = {"jenkins": "https://ci.example.com/"}


def written(folder: Path, *lines: str, **addresses: str) -> Path:
    """A configuration whose source has these lines, with files of a private CA beside it."""
    path = cli_files.write(folder, **(HTTPS | addresses))
    cli_files.edit(path, ('token_file = "jenkins.token"\n', "\n".join(['token_file = "jenkins.token"', *lines, ""])))
    maker = Maker.new()
    (folder / "ca.pem").write_bytes(maker.pem)
    for name in ("agent", "other"):
        key, certificate = maker.host(name)
        (folder / f"{name}.crt").write_bytes(certificate)
        (folder / f"{name}.key").write_bytes(key)
        (folder / f"{name}.key").chmod(0o600)
    (folder / "no.pem").write_text("nothing\n")
    return path


def problems(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        configuration.load(path)
    return "\n".join(caught.value.problems)


def test_files_that_fit_are_taken(tmp_path: Path) -> None:
    """Relative to the configuration, as all files."""
    path = written(tmp_path, 'ca_file = "ca.pem"', 'cert_file = "agent.crt"', 'key_file = "agent.key"')
    found = configuration.load(path).sources[0].tls
    assert found == Tls(tmp_path / "ca.pem", tmp_path / "agent.crt", tmp_path / "agent.key")
    ssl.create_default_context(cafile=str(found.verify))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ['ca_file = "gone.pem"'],
            "ca_file: .*gone.pem cannot be read: no such file or directory; mend: correct the path",
        ),
        (['ca_file = "no.pem"'], "ca_file: .*no.pem holds no certificates in PEM; mend: "),
        (['cert_file = "agent.crt"'], "key_file: a certificate and its key belong together: this one is missing"),
        (['key_file = "agent.key"'], "cert_file: a certificate and its key belong together: this one is missing"),
        (
            ['cert_file = "agent.crt"', 'key_file = "other.key"'],
            "cert_file: the key in key_file is not that of this .*; mend: ",
        ),
        (
            ['cert_file = "no.pem"', 'key_file = "other.key"'],
            "cert_file: no certificate and its key; mend: both files in PEM",
        ),
        (['cert_file = "agent.crt"', 'key_file = "gone.key"'], "key_file: .*gone.key cannot be read"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, lines: list[str], said: str) -> None:
    """With its key, and what it should be."""
    assert re.search(said, problems(written(tmp_path, *lines)))


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """S16 holds for it, too."""
    path = written(tmp_path, 'cert_file = "agent.crt"', 'key_file = "agent.key"')
    (tmp_path / "agent.key").chmod(0o640)
    assert "can be read by others; mend: chmod 600" in problems(path)


def test_certificates_without_tls_are_a_mistake(tmp_path: Path) -> None:
    """Whoever names a CA believes that it is looked at."""
    path = written(tmp_path, 'ca_file = "ca.pem"', jenkins="http://ci.example.com/")
    assert "url is http://, where no certificate is looked at; mend: https://" in problems(path)
