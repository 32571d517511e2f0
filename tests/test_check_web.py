"""The line `web` of `check`: where the pages are, and when their certificate ends."""

from __future__ import annotations

import datetime
import errno
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from builders import policy
from certificates import Maker
from jenkins_mfa.cli import check_web
from jenkins_mfa.cli.check_web import listen_parts, web_parts
from jenkins_mfa.cli.report import Part
from jenkins_mfa.web.console.settings import Console, SlackSignIn
from jenkins_mfa.web.settings import Settings

NOW = 1_760_000_000_000
PAGES = "https://mfa.example.com, listening at 0.0.0.0:443"


def look(settings: Settings | None, models: frozenset[str] = frozenset(), console: Console | None = None) -> list[Part]:
    """The parts of a configuration that has these pages."""
    config = SimpleNamespace(web=settings, policy=policy(key_models=models), console=console)
    return list(web_parts(cast("Any", config)))


def certificate(folder: Path, left: datetime.timedelta) -> Path:
    """One that lasts so long from now."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mfa.example.com")])
    made = x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(now - datetime.timedelta(days=90)).not_valid_after(now + left)
    file = folder / "web.crt"
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(
    ("days", "ok", "says"),
    [
        (-1, False, f"the certificate of {PAGES} has ended: no browser opens the pages"),
        (1, False, f"the certificate of {PAGES} ends in 1 day"),
        (13, False, f"the certificate of {PAGES} ends in 13 days"),
        (14, True, f"{PAGES}; its certificate lasts 14 days more"),
    ],
)
def test_a_certificate_that_ends_is_a_finding(tmp_path: Path, days: int, ok: bool, says: str) -> None:
    """From two weeks before; the mend names the file."""
    file = certificate(tmp_path, datetime.timedelta(days=days, hours=1 if days > 0 else 0))
    (part,) = look(Settings("0.0.0.0", 443, "https://mfa.example.com", file, tmp_path / "web.key"))
    assert (part.subject, part.ok, part.says) == ("web", ok, says)
    assert ok or str(file) in part.mend


def test_a_certificate_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    """It was there when the configuration was read, and is not now, or is none."""
    (tmp_path / "strange.crt").write_bytes(Maker.new().strange)
    for file in (tmp_path / "gone.crt", tmp_path / "strange.crt"):
        (part,) = look(Settings("0.0.0.0", 443, "https://mfa.example.com", file, tmp_path / "web.key"))
        assert (part.ok, part.says) == (False, f"{file} cannot be read as a certificate")


def test_pages_without_a_certificate_say_who_speaks_tls() -> None:
    """A proxy, or nobody on this computer; without pages there is no line."""
    (proxied,) = look(Settings("127.0.0.1", 8443, "https://mfa.example.com", proxies=("10.0.0.1",)))
    assert proxied == Part("web.pages", True, "https://mfa.example.com, listening at 127.0.0.1:8443, behind 10.0.0.1")
    (local,) = look(Settings("127.0.0.1", 8443, "http://localhost:8443"))
    assert local.says == "http://localhost:8443, listening at 127.0.0.1:8443, for this computer alone"
    assert look(None) == []


def test_roots_of_models_of_keys_are_told_where_models_are_asked_for(tmp_path: Path) -> None:
    """One that has ended lets no key of its maker be enrolled."""
    file = certificate(tmp_path, datetime.timedelta(days=3))
    pages = Settings("127.0.0.1", 8443, "http://localhost:8443", model_roots=file)
    assert len(look(pages)) == 1
    part = look(pages, frozenset({"a"}))[1]
    assert (part.ok, part.says) == (True, "keys of 1 model are taken, under 1 root")
    certificate(tmp_path, datetime.timedelta(days=-1))
    part = look(pages, frozenset({"a"}))[1]
    assert (part.ok, part.says) == (False, "roots of models of keys have ended: CN=mfa.example.com")
    assert str(file) in part.mend


@pytest.mark.parametrize(
    ("console", "ways"),
    [
        (Console(), "passkeys"),
        (Console(identity_header="X-Mail"), "a proxy's X-Mail or passkeys"),
        (
            Console(SlackSignIn("https://slack.com", "T1", "1.2", Path("nowhere")), "X-Mail"),
            "Slack or a proxy's X-Mail or passkeys",
        ),
    ],
)
def test_who_gets_into_the_console_is_said(console: Console, ways: str) -> None:
    """And no secret with it."""
    *_, part = look(Settings("127.0.0.1", 1, "http://localhost:1"), console=console)
    assert part == Part("web.console", True, f"people sign in to the console with {ways}")


class Beating:
    """A store to which an agent told something so many ms ago."""

    def __init__(self, *ages: int) -> None:
        self._told = {f"agent:{n}": {"at": NOW - age} for n, age in enumerate(ages)}

    def now(self) -> int:
        return NOW

    def beats(self) -> dict[str, dict[str, int]]:
        return self._told


def listening(port: int, store: Beating) -> list[Part]:
    """What is found of pages and numbers at this port."""
    pages = Settings("127.0.0.1", port, f"http://localhost:{port}")
    config = SimpleNamespace(web=pages, metrics=("127.0.0.1", port))
    return list(listen_parts(cast("Any", config), cast("Any", store)))


@pytest.mark.parametrize("store", [Beating(), Beating(60_000)])
def test_a_taken_port_is_a_finding_where_no_agent_runs(store: Beating) -> None:
    """Before the start ends with it; once it is free there is none."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = listening(port, store)
    assert [part.id for part in found] == ["web.listen", "metrics.listen"]
    for part in found:
        assert part.says == f"[{part.subject}] listen: 127.0.0.1:{port} cannot be taken: address already in use"
        assert part.mend == "end what listens there, or name another port"
    assert listening(port, store) == []


def test_a_port_of_the_agent_that_runs_is_none() -> None:
    """It has the address itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert listening(taken.getsockname()[1], Beating(70_000, 59_000)) == []


def test_an_address_of_another_host_is_a_finding_and_a_low_port_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which account the agent will have is not known to whoever checks."""
    config = SimpleNamespace(web=None, metrics=("192.0.2.1", 9100))
    (part,) = listen_parts(cast("Any", config), cast("Any", Beating()))
    assert (part.id, part.mend) == ("metrics.listen", "name an address of this host")

    def refused(host: str, port: int) -> socket.socket:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(check_web, "bound", refused)
    assert listening(443, Beating()) == []
