"""[[sources]] of config.toml → where runs wait, and under which account the agent sees them there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jenkins_mfa.http_url import http_url
from jenkins_mfa.outbound import Tls
from jenkins_mfa.secret_files import Secret
from jenkins_mfa.secret_reader import SecretReader
from jenkins_mfa.tls_config import tls
from jenkins_mfa.toml_table import Table
from jenkins_mfa.watched_config import watched

NO_SOURCE = "no source is named: there would be nothing to watch"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One [[sources]] table. `poll_seconds` is the interval between listings, `watched` are pipelines by name
    with stages that they may not reach without a gate, `other_agents` the accounts there of other installations.
    """

    id: str
    kind: str
    url: str
    public_url: str
    user: str
    token: Secret
    poll_seconds: float
    library: str
    tls: Tls = field(default_factory=Tls)
    watched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    other_agents: frozenset[str] = frozenset()


def sources(root: Table, secrets: SecretReader) -> tuple[SourceConfig, ...]:
    """All of them; problems are noted."""
    found = tuple(_source(table, secrets) for table in root.tables("sources", "id", missing=NO_SOURCE))
    ids = [source.id for source in found]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        root.problems.add(f'[[sources]] id = "{name}"', "two sources have this id")
    return found


def _source(table: Table, secrets: SecretReader) -> SourceConfig:
    url = http_url(table, "url")
    source = SourceConfig(
        id=table.text("id", pattern=r"[a-z0-9][a-z0-9-]{0,31}", allowed="a-z, 0-9, dash; 32 at most"),
        kind=table.choice("kind", ("jenkins",)),
        url=url,
        public_url=http_url(table, "public_url", url),
        user=table.text("user"),
        token=secrets.read(table, "token_file"),
        tls=tls(table, secrets.base, url, with_secrets=secrets.wanted),
        poll_seconds=table.number("poll_seconds", 1.0, low=0.1, high=60, unit="seconds"),
        library=table.text("library", "jenkins-mfa"),
        watched=watched(table),
        other_agents=frozenset(table.texts("other_agents", [], allowed="a list of accounts there")),
    )
    table.done()
    return source
