"""A gate as HTML: the same page as in Slack, from words/page.py, with the Jenkinsfile's words last."""

from __future__ import annotations

from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import StoreError
from jenkins_mfa.usecases import trouble
from jenkins_mfa.usecases.desk import Desk, gates_of, run_record
from jenkins_mfa.words import facts, page
from jenkins_mfa.words.html import Html, many, parts, tag


def header(desk: Desk, gate: Gate) -> Html:
    """As in "Needs confirmation: “team one/deploy” #17"."""
    return parts(page.header(gate, trouble.of(desk.store, gate)))


def gate(desk: Desk, shown: Gate) -> Html:
    """State, facts, and what the Jenkinsfile says; whole, whatever its length."""
    waiting = sum(1 for one in gates_of(desk, run_record(desk, shown.run.key)) if not one.state.settled)
    others = max(0, waiting - (not shown.state.settled))
    found = page.page(shown, desk.roster, others, trouble=trouble.of(desk.store, shown))
    state = tag("ul", *(tag("li", parts(line.shown)) for line in found.state if line.shown), class_="lines")
    rows = tag("ul", *(tag("li", parts(row.shown)) for row in found.facts), class_="facts")
    box = tag("pre", "\n".join(found.box)) if found.box else None
    return many(
        [
            state,
            tag("section", tag("h2", facts.FROM_SOURCE), rows),
            tag("section", tag("h2", facts.SAYS), box) if box else None,
        ]
    )


def version(desk: Desk, gate_id: str) -> str:
    """What changes whenever the gate does. Raises StoreError."""
    found = desk.store.gate(gate_id)
    if found is None:
        raise StoreError("the gate is gone")
    return str(found.version)
