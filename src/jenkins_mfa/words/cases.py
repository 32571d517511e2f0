"""Where a policy asks for something else than a test of it expects, in words."""

from __future__ import annotations

from jenkins_mfa.core.model import Clause
from jenkins_mfa.core.policy.expect import Ask, Difference
from jenkins_mfa.words import people

MOST = 8  #: values told of a long list

_NOTHING = {
    "clauses": "no clause",
    "observed": "no clause on trial",
    "refused": "not refused",
}


def difference(found: Difference) -> str:
    """As in "clauses: expected 2 of group:release with a code (rule night); seen 1 of …"."""
    nothing = _NOTHING.get(found.part, "nothing")
    expected = [_ask(one) if isinstance(one, Ask) else one for one in found.missing]
    seen = [clause(one) if isinstance(one, Clause) else one for one in found.instead]
    more = " more" if found.part in {"clauses", "observed", "rules", "tags"} else ""
    return f"{found.part}: expected {_listed(expected, nothing + more)}; seen {_listed(seen, nothing + more)}"


def clause(one: Clause) -> str:
    """What a clause asks for, by which rule."""
    return f"{one.count} of {one.label} with {people.GIVES[one.factor]} (rule {one.rule})"


def _ask(one: Ask) -> str:
    who = ", ".join(sorted(one.approvers)) if one.approvers is not None else "anybody"
    given = people.GIVES[one.factor] if one.factor is not None else "anything"
    rule = f" (rule {one.rule})" if one.rule is not None else ""
    return f"{one.count if one.count is not None else 'any number'} of {who} with {given}{rule}"


def _listed(texts: list[str], nothing: str) -> str:
    more = len(texts) - MOST
    shown = ", and ".join(texts[:MOST]) if any(" of " in text for text in texts) else ", ".join(texts[:MOST])
    return (shown or nothing) + (f" and {more} more" if more > 0 else "")
