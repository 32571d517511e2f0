"""config.toml with its secret files, policy.toml and roster.toml → frozen values, or every problem at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from jenkins_mfa import secret_files
from jenkins_mfa.audit_config import AuditConfig, audit
from jenkins_mfa.console_config import console
from jenkins_mfa.consumer_config import consumers
from jenkins_mfa.core.consumers import Consumer
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.core.weekly import Weekly
from jenkins_mfa.digest_config import digest as weekly_digest
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.hook import Hook
from jenkins_mfa.metrics_config import metrics
from jenkins_mfa.outbound import Tls
from jenkins_mfa.roster_file import OPERATOR, WRITER
from jenkins_mfa.rule_files import RuleFiles
from jenkins_mfa.secret_files import Secret
from jenkins_mfa.store.settings import Settings as StoreSettings
from jenkins_mfa.store_config import store_settings
from jenkins_mfa.tls_config import tls
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table, read
from jenkins_mfa.tracing_config import TracingConfig, tracing
from jenkins_mfa.usecases.console import IDENTITY
from jenkins_mfa.watched_config import watched
from jenkins_mfa.web.console.settings import Console as ConsoleSettings
from jenkins_mfa.web.settings import Settings as WebSettings
from jenkins_mfa.web_config import apart, web
from jenkins_mfa.webhook_config import webhook

SLACK_API = "https://slack.com/api/"  #: Slack's own address
NO_SOURCE = "no source is named: there would be nothing to watch"
#: Looks of tokens, which somebody may write where the name of their file belongs.
TOKEN = re.compile(r"(xox[a-z]|xapp)-.*|[0-9a-f]{32,}", re.IGNORECASE)


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


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """[slack]: tokens, the workspace's id, where to ask by default, where ops read."""

    bot_token: Secret
    app_token: Secret
    team: str
    channel: str
    ops_channel: str
    api_url: str


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """[keys]: the directory of receipt keys, and the files of the vault and HMAC keys."""

    dir: Path
    vault_file: Path
    hmac_file: Path


@dataclass(frozen=True, slots=True)
class Config:
    """All of it. Times to live are in seconds; `rules_digest` is of the files that policy and roster were read from.

    `web` is None where the agent has no pages, `console` where it has none among them, `metrics` (address, port) where
    it serves no numbers, `digest` where none is made, `tracing` where nothing is measured, `webhook` where gates are
    announced to nobody else; `consumer_files` are the files of the consumers' secrets, by name, `store_files` those of
    the store's passwords, by key.
    """

    path: Path
    installation: str
    sources: tuple[SourceConfig, ...]
    store: StoreSettings
    slack: SlackConfig
    keys: KeysConfig
    approval_ttl: int
    asks_per_requester: int
    rules: RuleFiles
    rules_digest: str
    policy: Policy
    roster: Roster
    secret_files: tuple[Path, ...]
    audit: AuditConfig
    web: WebSettings | None = None
    console: ConsoleSettings | None = None
    metrics: tuple[str, int] | None = None
    digest: Weekly | None = None
    tracing: TracingConfig | None = None
    webhook: Hook | None = None
    consumers: tuple[Consumer, ...] = ()
    consumer_files: Mapping[str, Path] = field(default_factory=dict)
    store_files: Mapping[str, Path] = field(default_factory=dict)


def load(path: Path, *, policy_path: Path | None = None, now: int = 0, with_secrets: bool = True) -> Config:
    """Read everything. Raises ConfigError with all problems of all files.

    `policy_path` is read instead of the policy that the configuration names; exemptions that ended before `now` (ms
    UTC) are problems of it. Without secrets their files are left alone: a policy can be looked at where they are not.
    """
    root = read(path)
    if not root.keys():
        raise ConfigError([f"{path} is empty; mend: take it from a backup; to begin: jenkins-mfa init"])
    base = path.parent
    secrets = _Secrets(base, wanted=with_secrets)
    installation = root.text("installation", pattern=r"[a-z0-9][a-z0-9-]{0,31}", allowed="a-z, 0-9, dash; 32 at most")
    sources = tuple(_source(table, secrets) for table in root.tables("sources", "id", missing=NO_SOURCE))
    _twice(root, sources)
    slack = _slack(root.table("slack"), secrets)
    store, store_files = store_settings(root.table("store"), partial(secrets.read, always=True))
    keys = _keys(root.table("keys"), base)
    kept = audit(root, base, with_secrets=with_secrets)
    numbers = metrics(root)
    weekly = weekly_digest(root)
    traces = tracing(root, base, with_secrets=with_secrets)
    hook = webhook(root, base, with_secrets=with_secrets)
    pages = web(root, base, with_secrets=with_secrets)
    visitors = console(root, secrets.read, pages, slack.api_url, slack.team)
    for source in sources:
        apart(root, pages, source.id, (source.url, source.public_url))
    ids = {source.id for source in sources} or {""}
    redeemers = consumers(root, secrets.read, frozenset(ids))
    limits = root.table("limits", required=False)
    approval_ttl = limits.integer("approval_ttl", 600, low=1, high=3600, unit="seconds")
    max_ttl = limits.integer("max_ttl", 86400, low=1, high=86400, unit="seconds")
    asks = limits.integer("asks_per_requester", 5, low=1, high=50, unit="gates")
    limits.done()
    named = base / root.text("policy_file", "policy.toml")
    rules = RuleFiles(
        policy=policy_path or named,
        roster=base / root.text("roster_file", "roster.toml"),
        issuers=frozenset({f"slack:{slack.team}", WRITER, OPERATOR, IDENTITY} | {f"jenkins:{name}" for name in ids}),
        sources=frozenset(ids),
        max_ttl=max_ttl,
        keys=pages is not None,
        roots=pages is not None and pages.model_roots is not None,
    )
    root.done()
    digest = rules.digest()
    policy, roster, problems = rules.read(now)
    if found := [*root.problems.found, *problems]:
        raise ConfigError(found)
    return Config(
        path=path,
        installation=installation,
        sources=sources,
        store=store,
        slack=slack,
        keys=keys,
        approval_ttl=approval_ttl,
        asks_per_requester=asks,
        rules=rules,
        rules_digest=digest,
        policy=policy,
        roster=roster,
        secret_files=tuple(secrets.files),
        audit=kept,
        web=pages,
        console=visitors,
        metrics=numbers,
        digest=weekly,
        tracing=traces,
        webhook=hook,
        consumers=tuple(redeemers),
        store_files=store_files,
        consumer_files={one.name: secret.file for one, secret in redeemers.items()},
    )


class _Secrets:
    """Reads secret files, where they are wanted; others than the owner may not read them (S16)."""

    def __init__(self, base: Path, *, wanted: bool) -> None:
        self.base = base
        self.wanted = wanted
        self.files: list[Path] = []

    def read(self, table: Table, key: str, *, always: bool = False) -> Secret:
        """What stands in the file that a key names. `always`: also where secrets are not wanted, if it can be read."""
        name = table.text(key, allowed="a file's path")
        path = self.base / name
        if not name:
            return Secret("")
        if TOKEN.fullmatch(name):
            table.fault(key, "this looks like the token itself; mend: write it into a file, and that file's name here")
            return Secret("")
        if not self.wanted and not always:
            return Secret("")
        self.files.append(path)
        try:
            return secret_files.read(path)
        except ConfigError as error:
            for problem in error.problems if self.wanted else ():
                table.fault(key, problem)
            return Secret("")


def _source(table: Table, secrets: _Secrets) -> SourceConfig:
    url = _url(table, "url")
    source = SourceConfig(
        id=table.text("id", pattern=r"[a-z0-9][a-z0-9-]{0,31}", allowed="a-z, 0-9, dash; 32 at most"),
        kind=table.choice("kind", ("jenkins",)),
        url=url,
        public_url=_url(table, "public_url", url),
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


def _url(table: Table, key: str, default: str | None = None) -> str:
    """An http(s) address that ends with a slash, without user, query or fragment."""
    given = key in table
    value = table.text(key, default, allowed="https://host/ or http://host/")
    parts = urlsplit(value)
    plain = not (parts.query or parts.fragment or parts.username)
    if given and value and (parts.scheme not in {"http", "https"} or not parts.hostname or not plain):
        table.fault(key, f"seen: {seen(value)}; allowed: https://host/ or http://host/, without user or query")
    return value if value.endswith("/") else f"{value}/"


def _twice(root: Table, sources: tuple[SourceConfig, ...]) -> None:
    ids = [source.id for source in sources]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        root.problems.add(f'[[sources]] id = "{name}"', "two sources have this id")


def _slack(table: Table, secrets: _Secrets) -> SlackConfig:
    slack = SlackConfig(
        bot_token=secrets.read(table, "bot_token_file"),
        app_token=secrets.read(table, "app_token_file"),
        team=table.text("team", pattern=r"[TE][A-Z0-9]{2,20}", allowed="a workspace id such as T0123ABCD"),
        channel=table.text("channel", pattern=r"[CG][A-Z0-9]{2,20}", allowed="a channel id such as C0123ABCD"),
        ops_channel=table.text("ops_channel", pattern=r"[CG][A-Z0-9]{2,20}", allowed="a channel id such as C0123ABCD"),
        api_url=_url(table, "api_url", SLACK_API),
    )
    table.done()
    return slack


def _keys(table: Table, base: Path) -> KeysConfig:
    keys = KeysConfig(
        dir=base / table.text("dir", "keys"),
        vault_file=base / table.text("vault_file", "vault.key"),
        hmac_file=base / table.text("hmac_file", "hmac.key"),
    )
    table.done()
    return keys
