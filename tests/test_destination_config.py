"""`[[audit.destinations]]`: each fault with its key and its mend, before the agent starts."""

from __future__ import annotations

from pathlib import Path

import pytest

import cli_files
from jenkins_mfa import config as configuration
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.outbound import Tls
from receivers import SECRET, Files

HOOK = ('name = "siem"', 'url = "https://siem.example.com/trail"', 'secret_file = "siem.secret"')
SYSLOG = ('name = "logs"', 'url = "syslog+tls://logs.example.com"')


def written(folder: Path, *tables: tuple[str, ...]) -> Path:
    path = cli_files.write(folder)
    Files(folder)
    (folder / "no.secret").touch(mode=0o600)
    (folder / "no.secret").write_text(SECRET.removeprefix("whsec_"))
    blocks = ["\n".join(["[[audit.destinations]]", *table]) for table in tables]
    path.write_text("\n\n".join([path.read_text(), "[audit]", *blocks, ""]))
    return path


def test_both_kinds_are_taken(tmp_path: Path) -> None:
    """What is left out has its default; the port of syslog over TLS is 6514 (RFC 5425, 4.1)."""
    shown = ('ca_file = "ca.pem"', 'cert_file = "agent.crt"', 'key_file = "agent.key"', 'format = "ocsf"')
    hook, syslog = configuration.load(written(tmp_path, HOOK, (*SYSLOG, *shown))).audit.destinations
    assert (hook.name, hook.form, hook.syslog) == ("siem", "trail", None)
    assert (hook.tls, hook.secret_file) == (Tls(), tmp_path / "siem.secret")
    assert (syslog.form, syslog.syslog) == ("ocsf", ("logs.example.com", 6514))
    assert syslog.tls == Tls(tmp_path / "ca.pem", tmp_path / "agent.crt", tmp_path / "agent.key")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([(HOOK[0], HOOK[1])], "secret_file is missing; allowed: .*openssl rand"),
        ([(*HOOK[:2], 'secret_file = "gone"')], "secret_file: .*gone cannot be read"),
        ([(*HOOK[:2], 'secret_file = "no.secret"')], "secret_file: .*must be whsec_ and 24 to 64 bytes.*mend: printf"),
        ([(HOOK[0], 'url = "http://siem.example.com/"', HOOK[2])], "url: seen: .*allowed: https://host/path"),
        ([(HOOK[0], 'url = "https://siem.example.com:x/"', HOOK[2])], "url: seen: "),
        ([(HOOK[0], 'url = "https://a:b@siem.example.com/"', HOOK[2])], "url: seen: "),
        ([(SYSLOG[0], 'url = "syslog+tls://logs.example.com/a"')], "url: seen: "),
        ([(*SYSLOG, 'secret_file = "siem.secret"')], "secret_file: syslog takes no secret"),
        ([(*SYSLOG, 'format = "cef"')], "format: seen: .*allowed: one of trail, ocsf"),
        ([(*SYSLOG, 'ca_file = "agent.key"')], "ca_file: .*holds no certificates"),
        ([(*SYSLOG, 'key_file = "agent.key"')], "cert_file: a certificate and its key belong together"),
        ([SYSLOG, SYSLOG], "two have the name logs: they would share a cursor"),
        ([(f'name = "d{n}"', SYSLOG[1]) for n in range(9)], "seen: 9; allowed: 8 at most"),
    ],
)
def test_a_fault_is_named_with_its_mend(tmp_path: Path, tables: list[tuple[str, ...]], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        configuration.load(written(tmp_path, *tables))
    assert SECRET[6:] not in str(caught.value)


def test_commands_without_secrets_leave_the_files_alone(tmp_path: Path) -> None:
    """As `audit verify` on a host that has none of them."""
    path = written(tmp_path, HOOK)
    (tmp_path / "siem.secret").unlink()
    assert configuration.load(path, with_secrets=False).audit.destinations[0].name == "siem"
