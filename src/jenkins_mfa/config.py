"""config.toml with its secret files, policy.toml and roster.toml → frozen values, or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

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
from jenkins_mfa.roster_file import OPERATOR, WRITER
from jenkins_mfa.rule_files import RuleFiles
from jenkins_mfa.secret_reader import SecretReader
from jenkins_mfa.slack_config import SlackConfig, slack
from jenkins_mfa.source_config import SourceConfig, sources
from jenkins_mfa.store.settings import Settings as StoreSettings
from jenkins_mfa.store_config import store_settings
from jenkins_mfa.toml_table import Table, read
from jenkins_mfa.tracing_config import TracingConfig, tracing
from jenkins_mfa.usecases.console import IDENTITY
from jenkins_mfa.web.console.settings import Console as ConsoleSettings
from jenkins_mfa.web.settings import Settings as WebSettings
from jenkins_mfa.web_config import apart, web
from jenkins_mfa.webhook_config import webhook

__all__ = ["Config", "KeysConfig", "Limits", "SlackConfig", "SourceConfig", "load"]

NAME = r"[a-z0-9][a-z0-9-]{0,31}"  #: of an installation


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """[keys]: the directory of receipt keys, and the files of the vault and HMAC keys."""

    dir: Path
    vault_file: Path
    hmac_file: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """[limits]: how long an approval waits for its delivery and a gate for its people at most, in seconds; and how
    many gates of one requester are asked at a time.
    """

    approval_ttl: int
    max_ttl: int
    asks_per_requester: int


@dataclass(frozen=True, slots=True)
class Config:
    """All of it. `rules_digest` is of the files that policy and roster were read from.

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
    limits: Limits
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
    secrets = SecretReader(path.parent, wanted=with_secrets)
    config, problems = _read(root, path, secrets, policy_path, now)
    root.done()
    if found := [*root.problems.found, *problems]:
        raise ConfigError(found)
    return config


def _read(root: Table, path: Path, secrets: SecretReader, other: Path | None, now: int) -> tuple[Config, list[str]]:
    """What all tables say, with `other` for the policy, and what is wrong with policy and roster."""
    base, wanted = path.parent, secrets.wanted
    watched, workspace = sources(root, secrets), slack(root.table("slack"), secrets)
    store, store_files = store_settings(root.table("store"), partial(secrets.read, always=True))
    pages = _pages(root, base, watched, with_secrets=wanted)
    visitors = console(root, secrets.read, pages, workspace.api_url, workspace.team)
    ids = frozenset(source.id for source in watched) or frozenset({""})
    redeemers = consumers(root, secrets.read, ids)
    limits = _limits(root.table("limits", required=False))
    rules = _rules(root, base, other, ids, workspace.team, limits.max_ttl, pages)
    digest = rules.digest()  # before they are read: what is written meanwhile is found to have changed
    policy, roster, problems = rules.read(now)
    config = Config(
        path=path,
        installation=root.text("installation", pattern=NAME, allowed="a-z, 0-9, dash; 32 at most"),
        sources=watched,
        store=store,
        slack=workspace,
        keys=_keys(root.table("keys"), base),
        limits=limits,
        rules=rules,
        rules_digest=digest,
        policy=policy,
        roster=roster,
        secret_files=tuple(secrets.files),
        audit=audit(root, base, with_secrets=wanted),
        web=pages,
        console=visitors,
        metrics=metrics(root),
        digest=weekly_digest(root),
        tracing=tracing(root, base, with_secrets=wanted),
        webhook=webhook(root, base, with_secrets=wanted),
        consumers=tuple(redeemers),
        consumer_files={one.name: secret.file for one, secret in redeemers.items()},
        store_files=store_files,
    )
    return config, problems


def _pages(root: Table, base: Path, watched: tuple[SourceConfig, ...], *, with_secrets: bool) -> WebSettings | None:
    pages = web(root, base, with_secrets=with_secrets)
    for source in watched:
        apart(root, pages, source.id, (source.url, source.public_url))
    return pages


def _rules(
    root: Table,
    base: Path,
    other: Path | None,
    ids: frozenset[str],
    team: str,
    max_ttl: int,
    pages: WebSettings | None,
) -> RuleFiles:
    """Where policy and roster are, and what of the rest of the configuration they may refer to."""
    named = base / root.text("policy_file", "policy.toml")
    return RuleFiles(
        policy=other or named,
        roster=base / root.text("roster_file", "roster.toml"),
        issuers=frozenset({f"slack:{team}", WRITER, OPERATOR, IDENTITY} | {f"jenkins:{name}" for name in ids}),
        sources=ids,
        max_ttl=max_ttl,
        keys=pages is not None,
        roots=pages is not None and pages.model_roots is not None,
    )


def _limits(table: Table) -> Limits:
    limits = Limits(
        approval_ttl=table.integer("approval_ttl", 600, low=1, high=3600, unit="seconds"),
        max_ttl=table.integer("max_ttl", 86400, low=1, high=86400, unit="seconds"),
        asks_per_requester=table.integer("asks_per_requester", 5, low=1, high=50, unit="gates"),
    )
    table.done()
    return limits


def _keys(table: Table, base: Path) -> KeysConfig:
    keys = KeysConfig(
        dir=base / table.text("dir", "keys"),
        vault_file=base / table.text("vault_file", "vault.key"),
        hmac_file=base / table.text("hmac_file", "hmac.key"),
    )
    table.done()
    return keys
