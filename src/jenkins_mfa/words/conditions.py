"""When a rule applies, in the policy's own words: its questions, without a gate to ask them about."""

from __future__ import annotations

from jenkins_mfa.core.policy.predicates import All, Any, Flag, Leaf, Not, Pair, People, Predicate, Rate, Texts
from jenkins_mfa.words import reasons, render
from jenkins_mfa.words.parts import Parts, Word, say
from jenkins_mfa.words.tree import Branch


def branches(when: Predicate) -> list[Branch]:
    """One line for each question; all of the outermost ones must hold. None for a rule that always applies."""
    parts = when.parts if isinstance(when, All) else (when,)
    return [branch for part in parts for branch in _branches(part, 0)]


def _branches(found: Predicate, depth: int) -> list[Branch]:
    match found:
        case All(parts):
            name, inner = "all", parts
        case Any(parts):
            name, inner = "any", parts
        case Not(part):
            name, inner = "not", (part,)
        case _:
            return [Branch(depth, _question(found))]
    below = [branch for part in inner for branch in _branches(part, depth + 1)]
    return [Branch(depth, say(f"{reasons.COMBINED[name]}:")), *below]


def _question(leaf: Leaf) -> Parts:
    one, every = reasons.KEYS.get(leaf.key, (leaf.key, leaf.key))
    key = every if isinstance(leaf, Texts | People) and leaf.every else one
    return say("{key}: {wanted}", key=_ours(key), wanted=_ours(_wanted(leaf)))


def _wanted(leaf: Leaf) -> str:
    match leaf:
        case Texts(_, globs):
            return str(globs)
        case People(_, approvers):
            return ", ".join(approvers)
        case Pair(_, name, globs):
            return f"{name} = {globs}"
        case Flag(_, wanted):
            return "yes" if wanted else "no"
        case Rate(more_than, within):
            return f"more than {more_than} within {within // 60} min"
    return leaf.calendar.name


def _ours(text: str) -> Word:
    return Word(render.visible(text, quoted=False))
