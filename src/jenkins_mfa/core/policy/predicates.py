"""Predicates: small questions about a gate, each answered yes, no, or "not known" (Kleene's three values).

A rule that tightens applies unless the answer is no; a rule that loosens applies only if it is yes. While only facts
may speak, every question about a claim is "not known". So neither silence nor a claim ever loosens anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.calendars import look as look_at_calendar
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.policy.scene import Scene
from jenkins_mfa.core.policy.vocabulary import CLAIMED, FLAGS, PAIRS, PEOPLE, TEXTS, Answer

SHOWN = 5  #: values that an explanation shows of a list
LONGEST = 200  #: characters of a named value that it shows


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold. The parser refuses an empty one, which would hold for everything."""

    parts: tuple[Predicate, ...]

    def look(self, scene: Scene) -> Answer:
        """No as soon as one part says no."""
        answer: Answer = True
        for part in self.parts:
            found = part.look(scene)
            if found is False:
                return False
            if found is None:
                answer = None
        return answer


@dataclass(frozen=True, slots=True)
class Any:
    """One part must hold."""

    parts: tuple[Predicate, ...]

    def look(self, scene: Scene) -> Answer:
        """Yes as soon as one part says yes."""
        answer: Answer = False
        for part in self.parts:
            found = part.look(scene)
            if found is True:
                return True
            if found is None:
                answer = None
        return answer


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold; what is not known stays so."""

    part: Predicate

    def look(self, scene: Scene) -> Answer:
        """The opposite."""
        return opposite(self.part.look(scene))


@dataclass(frozen=True, slots=True)
class Texts:
    """Some of the texts that `key` stands for match (`every` False), or all of them do and there is one."""

    key: str
    globs: Globs
    every: bool = False

    def look(self, scene: Scene) -> Answer:
        """Compare what is known; what might be there beside it leaves the answer open."""
        known, possible = _once(scene, self.key, TEXTS)
        if self.every:
            if not all(map(self.globs.match, known)):
                return False
            return None if possible is None or possible else bool(known)
        if any(map(self.globs.match, known)):
            return True
        return None if possible is None or any(map(self.globs.match, possible)) else False

    def told(self, scene: Scene) -> tuple[str, str, str]:
        """What was wanted, what was seen, and how many more were."""
        return str(self.globs), *_some(_once(scene, self.key, TEXTS)[0])


@dataclass(frozen=True, slots=True)
class People:
    """Some of the people that `key` stands for (requesters, authors) are among `approvers`, or all of them are."""

    key: str
    approvers: tuple[str, ...]
    every: bool = False

    def look(self, scene: Scene) -> Answer:
        """Somebody who is not in the roster could be anybody: that leaves the answer open."""
        known, strangers = _once(scene, self.key, PEOPLE)
        wanted = _named(scene, self.approvers)
        if self.every:
            return False if known - wanted else (None if strangers or not known else True)
        return True if known & wanted else (None if strangers else False)

    def told(self, scene: Scene) -> tuple[str, str, str]:
        """What was wanted, who was seen, and how many more were."""
        known, strangers = _once(scene, self.key, PEOPLE)
        return ", ".join(self.approvers), *_some((*sorted(known), *strangers))


@dataclass(frozen=True, slots=True)
class Pair:
    """A named value (a parameter, a claimed detail or variable) matches. Without that name: no."""

    key: str
    name: str
    globs: Globs

    def look(self, scene: Scene) -> Answer:
        """A value that the source keeps to itself is not known."""
        pairs = _once(scene, self.key, PAIRS)
        if pairs is None:
            return None
        if self.name not in pairs:
            return False
        value = pairs[self.name]
        return None if value is None else self.globs.match(value)

    def told(self, scene: Scene) -> tuple[str, str]:
        """What was wanted and what was seen."""
        seen = (PAIRS[self.key](scene) or {}).get(self.name)
        return f"{self.name} = {self.globs}", f"{self.name} = {_measured(seen)}" if seen is not None else ""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that is so or not, such as `replayed`."""

    key: str
    wanted: bool

    def look(self, scene: Scene) -> Answer:
        """Whether it is as wanted."""
        found = FLAGS[self.key](scene)
        return None if found is None else found is self.wanted

    def told(self, scene: Scene) -> tuple[str, str]:
        """What was wanted and what was seen."""
        found = FLAGS[self.key](scene)
        return _yes(self.wanted), "" if found is None else _yes(found)


@dataclass(frozen=True, slots=True)
class Rate:
    """More than `more_than` gates of this pipeline, this one counted, within the last `within` seconds."""

    key: ClassVar[str] = "rate"
    more_than: int
    within: int

    def look(self, scene: Scene) -> Answer:
        """Count the gates before this one."""
        return self._seen(scene) > self.more_than

    def _seen(self, scene: Scene) -> int:
        since = scene.history.at - self.within * 1000
        return 1 + sum(since < at <= scene.history.at for at in scene.history.earlier)

    def told(self, scene: Scene) -> tuple[str, str]:
        """What was wanted and what was counted."""
        return f"more than {self.more_than} within {self.within // 60} min", str(self._seen(scene))


@dataclass(frozen=True, slots=True)
class Window:
    """The moment lies inside (or outside) a calendar."""

    calendar: Calendar
    inside: bool

    @property
    def key(self) -> str:
        """`inside` or `outside`."""
        return "inside" if self.inside else "outside"

    def look(self, scene: Scene) -> Answer:
        """Ask the calendar."""
        return look_at_calendar(self.calendar, scene.history.at).inside is self.inside

    def named(self, scene: Scene) -> dict[str, str]:
        """What has a name there: the freeze with its reason and its end, or the holiday."""
        found = look_at_calendar(self.calendar, scene.history.at)
        wanted = {"freeze": ("freeze", "reason", "until"), "holiday": ("holiday",)}.get(found.code, ())
        return {name: found.values[name] for name in wanted if name in found.values}

    def told(self, scene: Scene) -> tuple[str, str]:
        """The calendar's name and what it says of the moment."""
        found = look_at_calendar(self.calendar, scene.history.at)
        values = ", ".join(f"{name} {value}" for name, value in sorted(found.values.items()))
        return self.calendar.name, f"{found.code} ({values})"


Leaf = Texts | People | Pair | Flag | Rate | Window
Predicate = All | Any | Not | Leaf


def opposite(answer: Answer) -> Answer:
    """No for yes, yes for no; what is not known stays so."""
    return None if answer is None else not answer


def leaves(predicate: Predicate, positive: bool = True) -> list[tuple[Leaf, bool]]:
    """Every question in a predicate, and whether a yes to it counts for the whole: below an odd number of nots, no."""
    match predicate:
        case All(parts) | Any(parts):
            return [leaf for part in parts for leaf in leaves(part, positive)]
        case Not(part):
            return leaves(part, not positive)
        case _:
            return [(predicate, positive)]


def on_claims(predicate: Predicate) -> bool:
    """Whether any question is about what the pipeline says of itself."""
    return any(leaf.key in CLAIMED for leaf, _ in leaves(predicate))


T = TypeVar("T")


def _once(scene: Scene, key: str, found: Mapping[str, Callable[[Scene], T]]) -> T:
    """What is seen under a key, looked up once for all questions: hundreds of rules ask the same."""
    if key not in scene.memo:
        scene.memo[key] = found[key](scene)
    answer: T = scene.memo[key]
    return answer


def _named(scene: Scene, approvers: tuple[str, ...]) -> frozenset[str]:
    if approvers not in scene.memo:
        scene.memo[approvers] = scene.roster.named(approvers)
    answer: frozenset[str] = scene.memo[approvers]
    return answer


def _measured(text: str) -> str:
    """A long value by its length: a parameter can have 4 MiB, and each rule that asks would keep them with the gate."""
    return text if len(text) <= LONGEST else f"{len(text)} characters"


def _some(texts: tuple[str, ...]) -> tuple[str, str]:
    """The first of them as one text, and how many more there are: a count of ours is no part of what was seen."""
    more = len(texts) - SHOWN
    return ", ".join(texts[:SHOWN]), str(more) if more > 0 else ""


def _yes(value: bool) -> str:
    return "yes" if value else "no"
