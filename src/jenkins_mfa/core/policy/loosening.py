"""What may make a gate pass: only what nobody brings about by adding something: a claim, a commit, a cause, a run."""

from __future__ import annotations

from collections.abc import Iterator

from jenkins_mfa.core.policy.predicates import (
    Flag,
    Leaf,
    Pair,
    People,
    Predicate,
    Texts,
    leaves,
    on_claims,
)
from jenkins_mfa.core.policy.vocabulary import CLAIMED

#: Answered yes as soon as one thing more is there: a path, a cause, a build, a new branch.
MORE = {
    "tags",
    "trigger",
    "upstream",
    "library",
    "changed_paths",
    "changed_parameters",
    "requester",
    "rate",
    "replayed",
    "unknown_requester",
    "first_run",
    "first_run_of_branch",
    "plain_input",
}
INSTEAD = {"trigger": "only_triggers", "changed_paths": "only_paths", "requester": "only_requesters"}
#: Whoever builds chooses the answer, be it yes or no.
CHOSEN = {
    "branch": "a Pipeline chooses what it checks out; select by pipeline, which names the branch of a branch job",
    "commit_author": "anybody can write any address into a commit; ask for requesters",
}


def faults(when: Predicate) -> Iterator[str]:
    """Why `when` may not let a gate pass, exempt it or break its glass: a sentence for each question.

    Of `not when` it tells how a rule that asks for people could be dodged.
    """
    if on_claims(when):
        yield "asks about a claim; what lets a gate pass may rest on facts alone"
    for leaf, positive in leaves(when):
        yield from _against(leaf, positive)


def brought_about(when: Predicate) -> tuple[str, ...]:
    """The questions by which whoever builds can have `when` hold, as a policy writes them; none about claims.

    Of `not when`, those by which a rule that asks for people can be dodged.
    """
    asked = [(leaf, positive) for leaf, positive in leaves(when) if leaf.key not in CLAIMED]
    return tuple(dict.fromkeys(_written(leaf) for leaf, positive in asked if any(_against(leaf, positive))))


def _written(leaf: Leaf) -> str:
    if isinstance(leaf, Pair):
        return f"{leaf.key}.{leaf.name}"
    every = isinstance(leaf, Texts | People) and leaf.every
    return INSTEAD.get(leaf.key, f"only_{leaf.key}s") if every else leaf.key


def _against(leaf: Leaf, positive: bool) -> Iterator[str]:
    if isinstance(leaf, Flag):
        positive = positive == leaf.wanted
    every = isinstance(leaf, Texts | People) and leaf.every
    if leaf.key in CHOSEN:
        yield f"{leaf.key} may not let pass: {CHOSEN[leaf.key]}"
    elif positive and not every and leaf.key in MORE:
        instead = INSTEAD.get(leaf.key)
        hint = f"use {instead}" if instead else "only its opposite may"
        yield f"{leaf.key} holds as soon as one thing is added, so it may not let pass; {hint}"
    elif every and not positive:
        yield f"only_ for {leaf.key} under not holds as soon as one thing is added, so it may not let pass"
    elif isinstance(leaf, Pair) and not positive:
        yield f"{leaf.key} under not also holds for a build without {leaf.name}, so it may not let pass"
