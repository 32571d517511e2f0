"""[[audit.destinations]] of config.toml → where the trail is sent to, beside the copies that are kept here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jenkins_mfa import secret_files
from jenkins_mfa.archive.forms import OCSF, TRAIL
from jenkins_mfa.core import webhook
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.outbound import Tls
from jenkins_mfa.tls_config import tls
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table

MOST = 8  #: destinations; each has a thread
SYSLOG, HTTPS = "syslog+tls", "https"  #: schemes
URL = f"{HTTPS}://host/path for a webhook, {SYSLOG}://host:6514 for syslog; no user, no query"
MEND = f"printf '{webhook.PREFIX}%s' \"$(openssl rand -base64 32)\""


@dataclass(frozen=True, slots=True)
class DestinationConfig:
    """One table. `secret_file` is that of a webhook; syslog has none."""

    name: str
    url: str
    form: str
    tls: Tls
    secret_file: Path | None = None

    @property
    def syslog(self) -> tuple[str, int] | None:
        """Host and port of a syslog server; None for a webhook."""
        parts = urlsplit(self.url)
        return (parts.hostname or "", parts.port or 6514) if parts.scheme == SYSLOG else None


def destinations(table: Table, base: Path, *, with_secrets: bool) -> tuple[DestinationConfig, ...]:
    """All of them; problems are noted. Without secrets their files are left alone."""
    tables = table.tables("destinations", "name")
    made = tuple(_destination(one, base, with_secrets) for one in tables)
    names = [one.name for one in made]
    for name in sorted({name for name in names if names.count(name) > 1}):
        table.fault("destinations", f"two have the name {name}: they would share a cursor")
    if len(made) > MOST:
        table.fault("destinations", f"seen: {len(made)}; allowed: {MOST} at most")
    return made


def _destination(table: Table, base: Path, with_secrets: bool) -> DestinationConfig:
    url = _url(table)
    found = DestinationConfig(
        name=table.text("name", pattern=r"[a-z0-9][a-z0-9-]{0,31}", allowed="a-z, 0-9, dash; 32 at most"),
        url=url,
        form=table.choice("format", (TRAIL, OCSF), TRAIL),
        tls=tls(table, base, url, with_secrets=with_secrets),
        secret_file=_secret(table, base, url, with_secrets),
    )
    table.done()
    return found


def _url(table: Table) -> str:
    """An address of one of the two kinds; empty after a problem."""
    value = table.text("url", allowed=URL)
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        right = parts.scheme in {SYSLOG, HTTPS} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if not right or parts.username or parts.query or parts.fragment or (parts.scheme == SYSLOG and parts.path):
        table.fault("url", f"seen: {seen(value)}; allowed: {URL}")
        return ""
    return value


def _secret(table: Table, base: Path, url: str, with_secrets: bool) -> Path | None:
    """The file of a webhook's secret; None where there is none."""
    if not url.startswith(HTTPS):
        if url and "secret_file" in table:
            table.text("secret_file")
            table.fault("secret_file", "syslog takes no secret; mend: cert_file and key_file, or leave it out")
        return None
    return signing_secret(table, base, with_secrets=with_secrets)


def signing_secret(table: Table, base: Path, *, with_secrets: bool) -> Path:
    """The file of a webhook's secret; problems are noted. It is read at each call, and here to see that it has one."""
    path = base / table.text("secret_file", allowed=f"a file's path; made with {MEND}")
    if with_secrets and path != base:
        try:
            webhook.secret_of(secret_files.read(path).reveal())
        except ConfigError as error:
            for problem in error.problems:
                table.fault("secret_file", problem)
        except ValueError as error:
            table.fault("secret_file", f"{path}: {error}; mend: {MEND}")
    return path
