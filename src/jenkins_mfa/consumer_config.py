"""[[consumers]] of config.toml → the programs that may redeem receipts, each for what it guards."""

from __future__ import annotations

from collections.abc import Callable

from jenkins_mfa.core.consumers import Consumer, digest
from jenkins_mfa.core.policy import globs
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table

NAME = "a-z, 0-9, dash; 32 at most"
SECRET = 32  #: characters of a consumer's secret at least
NO_PAGES = "receipts are redeemed at the agent's pages, and there are none; mend: the table [web]"

Read = Callable[[Table, str], str]  #: the secret in the file that a key names; empty after a problem, or if not wanted


def consumers(root: Table, read: Read, sources: frozenset[str]) -> tuple[Consumer, ...]:
    """All of them; problems are noted. `sources` are the ids of [[sources]]."""
    tables = root.tables("consumers", "name")
    found = tuple(_consumer(table, read) for table in tables)
    for position, (table, one) in enumerate(zip(tables, found, strict=True)):
        if "web" not in root:
            table.fault("", NO_PAGES)
        for unknown in sorted(set(one.sources) - sources):
            table.fault("sources", f"seen: {seen(unknown)}; known: {', '.join(sorted(sources))}")
        before = found[:position]
        if one.name in {other.name for other in before}:
            table.fault("name", "two consumers have this name")
        if one.secret_sha256 and one.secret_sha256 in {other.secret_sha256 for other in before}:
            table.fault("secret_file", "another consumer has the same secret: nobody could tell them apart")
    return found


def _consumer(table: Table, read: Read) -> Consumer:
    secret = read(table, "secret_file")
    if secret and len(secret) < SECRET:
        table.fault("secret_file", f"the secret has {len(secret)} characters; allowed: {SECRET} at least")
    made = Consumer(
        name=table.text("name", pattern=r"[a-z0-9][a-z0-9-]{0,31}", allowed=NAME),
        secret_sha256=digest(secret) if secret else "",
        sources=tuple(table.texts("sources", least=1, allowed="a list of ids of [[sources]]")),
        pipelines=Globs(_globs(table)),
        environments=tuple(table.texts("environments", least=1, allowed="a list of names of environments")),
    )
    table.done()
    return made


def _globs(table: Table) -> tuple[str, ...]:
    found = table.texts("pipelines", least=1, allowed='a list of names or globs such as "team one/*"')
    for one in found:
        if problem := globs.problem(one):
            table.fault("pipelines", f"seen: {seen(one)}; it {problem}")
    return tuple(found)
