"""[[consumers]] of config.toml → the programs that may redeem receipts, each for what it guards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from jenkins_mfa import secret_files
from jenkins_mfa.core.consumers import Consumer, digest
from jenkins_mfa.core.policy import globs
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.secret_files import Secret
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table

NAME = "a-z, 0-9, dash; 32 at most"
SECRET = 32  #: characters of a consumer's secret at least
TWICE = "another consumer has the same secret: nobody could tell them apart"
NO_PAGES = "receipts are redeemed at the agent's pages, and there are none; mend: the table [web]"

Read = Callable[[Table, str], Secret]  #: of the file that a key names; empty after a problem, or if not wanted


def consumers(root: Table, read: Read, sources: frozenset[str]) -> dict[Consumer, Secret]:
    """All of them, each with its secret; problems are noted. `sources` are the ids of [[sources]]."""
    tables = root.tables("consumers", "name")
    made = [_consumer(table, read) for table in tables]
    found = [consumer for consumer, _ in made]
    for position, (table, one) in enumerate(zip(tables, found, strict=True)):
        if "web" not in root:
            table.fault("", NO_PAGES)
        for unknown in sorted(set(one.sources) - sources):
            table.fault("sources", f"seen: {seen(unknown)}; known: {', '.join(sorted(sources))}")
        before = found[:position]
        if one.name in {other.name for other in before}:
            table.fault("name", "two consumers have this name")
        if one.secret_sha256 and one.secret_sha256 in {other.secret_sha256 for other in before}:
            table.fault("secret_file", TWICE)
    return dict(made)


def renewed(old: tuple[Consumer, ...], files: Mapping[str, Path]) -> tuple[Consumer, ...]:
    """The same consumers with the secrets that stand in their files now. Raises ConfigError."""
    problems: list[str] = []
    found: list[Consumer] = []
    for one in old:
        secret = secret_files.read(files[one.name])
        fresh = replace(one, secret_sha256=digest(secret.reveal()))
        if problem := _unfit(secret):
            problems.append(f"{files[one.name]}: {problem}")
        if fresh.secret_sha256 in {other.secret_sha256 for other in found}:
            problems.append(f"{files[one.name]}: {TWICE}")
        found.append(fresh)
    if problems:
        raise ConfigError(problems)
    return tuple(found)


def _unfit(secret: Secret) -> str:
    """Why it is no secret of a consumer; empty where it is one."""
    length = len(secret.reveal())
    return f"the secret has {length} characters; allowed: {SECRET} at least" if 0 < length < SECRET else ""


def _consumer(table: Table, read: Read) -> tuple[Consumer, Secret]:
    secret = read(table, "secret_file")
    if problem := _unfit(secret):
        table.fault("secret_file", problem)
    made = Consumer(
        name=table.text("name", pattern=r"[a-z0-9][a-z0-9-]{0,31}", allowed=NAME),
        secret_sha256=digest(secret.reveal()) if secret.reveal() else "",
        sources=tuple(table.texts("sources", least=1, allowed="a list of ids of [[sources]]")),
        pipelines=Globs(_globs(table)),
        environments=tuple(table.texts("environments", least=1, allowed="a list of names of environments")),
    )
    table.done()
    return made, secret


def _globs(table: Table) -> tuple[str, ...]:
    found = table.texts("pipelines", least=1, allowed='a list of names or globs such as "team one/*"')
    for one in found:
        if problem := globs.problem(one):
            table.fault("pipelines", f"seen: {seen(one)}; it {problem}")
    return tuple(found)
