"""The answer to a predicate as a tree of reasons: what was wanted, what was seen, and which way it went."""

from __future__ import annotations

from collections.abc import Iterable

from jenkins_mfa.core.model import Reason
from jenkins_mfa.core.policy.predicates import All, Any, Leaf, Not, People, Predicate, Texts, Window, opposite
from jenkins_mfa.core.policy.scene import Scene
from jenkins_mfa.core.policy.vocabulary import CLAIMED, Answer


def explain(predicate: Predicate, scene: Scene) -> Reason:
    """The same answer as `look`, as a tree of reasons. A node without `holds` is one that is not known."""
    match predicate:
        case All(parts):
            children = tuple(explain(part, scene) for part in parts)
            return Reason("all", holds=_least(child.holds for child in children), children=children)
        case Any(parts):
            children = tuple(explain(part, scene) for part in parts)
            return Reason("any", holds=opposite(_least(opposite(child.holds) for child in children)), children=children)
        case Not(part):
            child = explain(part, scene)
            return Reason("not", holds=opposite(child.holds), children=(child,))
        case _:
            return _explained(predicate, scene)


def _least(answers: Iterable[Answer]) -> Answer:
    """No before not known before yes."""
    found = list(answers)
    return False if False in found else (None if None in found else True)


def _explained(leaf: Leaf, scene: Scene) -> Reason:
    """One question: what was wanted and seen, whether of `every` one, and how many `more` were seen than are told."""
    wanted, seen, *more = leaf.told(scene)
    answer = leaf.look(scene)
    values = {"wanted": wanted}
    if not (answer is None and leaf.key in CLAIMED):
        values["seen"] = seen
    if more and more[0]:
        values["more"] = more[0]
    if isinstance(leaf, Texts | People) and leaf.every:
        values["every"] = "yes"
    if isinstance(leaf, Window):
        values |= leaf.named(scene)
    return Reason(leaf.key, values, holds=answer)
