"""[[sources.watched]] of config.toml → the pipelines whose every run must have had a gate, and the stages that none of
them may reach without.
"""

from __future__ import annotations

from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table

MOST = 50  #: of one source: each costs a request a minute
NAME = "a job's full name such as team/deploy, without slashes around it"


def watched(source: Table) -> dict[str, frozenset[str]]:
    """Full names, in the file's order, each with its stages."""
    found: dict[str, frozenset[str]] = {}
    tables = source.all_within("watched")
    for table in tables:
        name = table.text("pipeline", allowed=NAME)
        if name and not all(part not in {"", ".", ".."} for part in name.split("/")):
            table.fault("pipeline", f"seen: {seen(name)}; allowed: {NAME}")
        elif name in found:
            table.fault("pipeline", f"seen: {seen(name)}; it is watched twice")
        found[name] = frozenset(table.texts("stages", [], allowed="a list of stages' names"))
        table.done()
    if len(tables) > MOST:
        source.fault("watched", f"seen: {len(tables)} pipelines; allowed: {MOST}, those that matter most")
    return found
