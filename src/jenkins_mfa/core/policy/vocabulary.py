"""What the names in a rule's `when` stand for: what is seen of a gate, as texts, pairs, people or flags.

While only facts may speak, whatever is claimed is "not known".
"""

from __future__ import annotations

from collections.abc import Callable

from jenkins_mfa.core.model import Claims, Trigger
from jenkins_mfa.core.policy.scene import Scene

Answer = bool | None  #: None: not known

HUMAN = frozenset({Trigger.PERSON, Trigger.REPLAY, Trigger.RESTART, Trigger.API, Trigger.UNKNOWN})

#: Known texts, and those that might be there too; None: anything might.
Known = tuple[tuple[str, ...], tuple[str, ...] | None]


def _or_unknown(*texts: str) -> Known:
    return (texts, ()) if all(texts) else ((), None)


def _claimed(text: Callable[[Claims], str]) -> Callable[[Scene], Known]:
    return lambda scene: ((), None) if scene.claims is None else ((text(scene.claims),), ())


def _changed(kind: str) -> Callable[[Scene], Known]:
    def names(scene: Scene) -> Known:
        if kind == "variable" and scene.claims is None:
            return (), None
        found = [c for c in scene.history.changes if c.kind == kind]
        return tuple(c.name for c in found if c.changed), tuple(c.name for c in found if c.changed is None)

    return names


def _uncertain(scene: Scene) -> bool:
    """Whether something that cannot be told stands behind the run: it could be any trigger, of any pipeline."""
    return not scene.facts.starters or any(x.trigger is Trigger.UNKNOWN for x in scene.facts.starters)


def _triggers(scene: Scene) -> Known:
    known = tuple(x.trigger.value for x in scene.facts.starters if x.trigger is not Trigger.UNKNOWN)
    return known, None if _uncertain(scene) else ()


def _replayed(scene: Scene) -> Answer:
    if any(x.trigger in {Trigger.REPLAY, Trigger.RESTART} for x in scene.facts.starters):
        return True
    return None if _uncertain(scene) else False


def _parameters(scene: Scene) -> dict[str, str | None]:
    """By name; a name that stands there twice with different values is not known, as the run may read either."""
    found: dict[str, str | None] = {}
    for given in scene.facts.parameters:
        found[given.name] = given.value if found.get(given.name, given.value) == given.value else None
    return found


TEXTS: dict[str, Callable[[Scene], Known]] = {
    "source": lambda s: ((s.facts.run.place,), ()),
    "plain_input": lambda s: ((s.facts.plain,) if s.facts.plain else (), ()),
    "pipeline": lambda s: ((s.facts.run.pipeline,), ()),
    "branch": lambda s: _or_unknown(s.facts.branch),
    "environment": lambda s: (s.environments, ()),
    "tags": lambda s: (tuple(sorted(s.tags)), tuple(sorted(s.possible_tags))),
    "trigger": _triggers,
    "upstream": lambda s: (s.facts.upstream, None if _uncertain(s) else ()),
    "library": lambda s: (tuple(f"{x.name}@{x.version}" for x in s.facts.libraries), ()),
    "changed_paths": lambda s: ((), None) if s.facts.paths is None else (s.facts.paths, ()),
    "changed_parameters": _changed("parameter"),
    "changed_variables": _changed("variable"),
    "claims.environment": _claimed(lambda c: c.environment),
    "claims.action": _claimed(lambda c: c.action),
    "claims.subject": _claimed(lambda c: c.subject_name),
}

PAIRS: dict[str, Callable[[Scene], dict[str, str | None] | None]] = {
    "parameters": _parameters,
    "claims.details": lambda s: dict(s.claims.details) if s.claims else None,
    "claims.variables": lambda s: dict(s.claims.variables) | dict.fromkeys(s.claims.hidden) if s.claims else None,
}


def _requesters(scene: Scene) -> tuple[frozenset[str], tuple[str, ...]]:
    starters = [x for x in scene.facts.starters if x.person or x.subject or x.trigger in HUMAN]
    strangers = tuple(x.subject or "unknown" for x in starters if x.person is None)
    return frozenset(x.person for x in starters if x.person), strangers or (
        () if scene.facts.starters else ("unknown",)
    )


def _authors(scene: Scene) -> tuple[frozenset[str], tuple[str, ...]]:
    authors = scene.facts.authors
    strangers = tuple(x.subject for x in authors if x.person is None)
    unread = () if scene.facts.paths is not None else ("not all commits are known",)
    return frozenset(x.person for x in authors if x.person), (*strangers, *unread)


PEOPLE: dict[str, Callable[[Scene], tuple[frozenset[str], tuple[str, ...]]]] = {
    "requester": _requesters,
    "commit_author": _authors,
}


def strangers(scene: Scene) -> tuple[str, ...]:
    """Those behind the run who are not in the roster; one of them where the source names nobody at all."""
    return _requesters(scene)[1]


FLAGS: dict[str, Callable[[Scene], Answer]] = {
    "replayed": _replayed,
    "unknown_requester": lambda s: bool(strangers(s)),
    "first_run": lambda s: not s.history.pipeline_known,
    "first_run_of_branch": lambda s: not s.history.branch_known,
}

#: Questions about claims: "not known" while only facts may speak.
CLAIMED = frozenset({key for key in (*TEXTS, *PAIRS) if key.startswith("claims.")} | {"changed_variables"})
