"""Past gates under two policies: where they would have been asked for something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from jenkins_mfa.core.model import Facts, Gate
from jenkins_mfa.core.policy import Policy, Roster, evaluate
from jenkins_mfa.core.policy.compare import Change, compare
from jenkins_mfa.errors import DamagedError
from jenkins_mfa.roster_file import WRITER

EXAMPLES = 3  #: gates that are named for each difference

Find = Callable[[str, str], str | None]  #: issuer and subject → roster id


@dataclass(slots=True)
class Row:
    """How often gates of one pipeline change in one way; the `newest` of them: when they opened (ms UTC), and ids."""

    count: int = 0
    newest: list[tuple[int, str]] = field(default_factory=list)

    def add(self, gate: Gate) -> None:
        """One gate more."""
        self.count += 1
        self.newest = sorted([*self.newest, (gate.opened_at, gate.id)], reverse=True)[:EXAMPLES]


@dataclass(slots=True)
class Replay:
    """What was found: `rows` by pipeline and change; how many gates were looked at, and how many could not be: without
    claims (their request could not be read), or with a damaged record.
    """

    gates: int = 0
    unread: int = 0
    damaged: int = 0
    rows: dict[tuple[str, Change], Row] = field(default_factory=dict)

    @property
    def differ(self) -> int:
        """How many gates change."""
        return sum(row.count for row in self.rows.values())


def replay(gates: Iterable[Gate | DamagedError], old: Policy, new: Policy, roster: Roster, since: int) -> Replay:
    """Ask both policies about each gate that opened at `since` (ms UTC) or later, with the present roster.

    Nothing is kept of a gate but its place in the sums.
    """
    found, find = Replay(), _finder(roster)
    for gate in gates:
        if isinstance(gate, DamagedError):
            found.damaged += 1
        elif gate.opened_at < since or gate.run.test:
            continue
        elif gate.claims is None:
            found.unread += 1
        else:
            found.gates += 1
            asked = (roster, _present(gate.facts, find), gate.claims, gate.history)
            change = compare(evaluate(old, *asked), evaluate(new, *asked))
            if change is not None:
                found.rows.setdefault((gate.run.pipeline, change), Row()).add(gate)
    return found


def _finder(roster: Roster) -> Find:
    known = {identity: person.id for person in roster.people.values() for identity in person.identities.items()}
    return lambda issuer, subject: known.get((issuer, subject))


def _present(facts: Facts, find: Find) -> Facts:
    """Who is behind the run, and who wrote its commits, by the roster as it is now."""
    issuer = f"{facts.run.kind}:{facts.run.source}"
    starters = (replace(x, person=find(issuer, x.subject) if x.subject else None) for x in facts.starters)
    authors = (replace(x, person=find(WRITER, x.email.lower()) or find(issuer, x.subject)) for x in facts.authors)
    return replace(facts, starters=tuple(starters), authors=tuple(authors))
