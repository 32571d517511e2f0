"""Adds gates up, one at a time, in any order; what it keeps grows with what is shown, not with the gates."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from jenkins_mfa.core.model import Entry, Factor, Gate
from jenkins_mfa.core.policy import Globs
from jenkins_mfa.core.units import DAY
from jenkins_mfa.reporting.figures import times
from jenkins_mfa.reporting.lines import concerns, line
from jenkins_mfa.reporting.model import (
    FactorRow,
    GateLine,
    Hole,
    Outcome,
    PersonRow,
    Place,
    Report,
    Reviewed,
    Row,
    Scope,
    Slot,
)

#: What somebody wants to read one by one; the others are only counted.
NOTABLE = (
    Outcome.DENIED,
    Outcome.REFUSED,
    Outcome.EXPIRED,
    Outcome.WITHDRAWN,
    Outcome.BYPASSED,
    Outcome.PASSED,
)
#: Events of the trail about what went past gates, or used what they had let pass elsewhere.
HOLES = frozenset({"gate:missing", "gate:reopened", "receipt:refused"})


class _Group:
    """Gates that share something, while they are counted."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.waits = array("q")

    def add(self, one: GateLine) -> None:
        self.outcomes[one.outcome] += 1
        if one.waited is not None:
            self.waits.append(one.waited)

    def row(self) -> Row:
        return Row({o: self.outcomes[o] for o in Outcome if self.outcomes[o]}, times(self.waits))


class _Answers:
    """One person's answers, while they are counted."""

    def __init__(self) -> None:
        self.confirmations: Counter[Factor] = Counter()
        self.denials = 0
        self.waits = array("q")

    def row(self, person: str) -> PersonRow | None:
        found = times(self.waits)
        given = {f: self.confirmations[f] for f in Factor if self.confirmations[f]}
        return PersonRow(person, given, self.denials, found) if found else None


class Tally:
    """Gates of a scope, added up. `add` takes any gate and leaves out what the scope does; `each` keeps them all."""

    def __init__(self, scope: Scope, *, each: bool = False) -> None:
        self._scope = scope
        self._whole = each
        self._globs = Globs((scope.pipeline or "*",))
        self._total = _Group()
        self._pipelines: defaultdict[str, _Group] = defaultdict(_Group)
        self._places: defaultdict[Place, _Group] = defaultdict(_Group)
        self._hours = [_Group() for _ in range(24)]
        self._people: defaultdict[str, _Answers] = defaultdict(_Answers)
        self._factors: Counter[Factor | None] = Counter()
        self._week: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0])
        self._days: defaultdict[int, Counter[Outcome]] = defaultdict(Counter)
        self._notable: defaultdict[Outcome, list[GateLine]] = defaultdict(list)
        self._exempted: list[GateLine] = []
        self._glass: list[GateLine] = []
        self._each: list[GateLine] = []
        self._damaged: list[str] = []
        self._holes: list[Hole] = []

    def add(self, gate: Gate) -> None:
        """Count a gate, if it is of this scope."""
        scope = self._scope
        if not scope.since <= gate.opened_at < scope.until or not self._globs.match(gate.run.pipeline):
            return
        if gate.run.test:
            return
        if scope.environment and not concerns(gate, scope.environment):
            return
        one = line(gate)
        at = datetime.fromtimestamp(one.opened_at // 1000, UTC)
        for group in (self._total, self._pipelines[one.run.pipeline], self._places[one.place], self._hours[at.hour]):
            group.add(one)
        self._days[one.opened_at // DAY * DAY][one.outcome] += 1
        self._factors[one.asked] += 1
        if one.asked is not None:
            slot = self._week[at.weekday(), at.hour]
            slot[0] += 1
            slot += [one.waited] if one.waited is not None else []
        self._answers(one)
        self._keep(one)

    def note(self, entry: Entry) -> None:
        """Keep an event of the trail if it is about a hole of this scope; what has no gate has no environment, so the
        scope's narrows nothing here.
        """
        pipeline, _, run = entry.run.removeprefix(f"{entry.source}:").rpartition(":")[0].rpartition(":")
        when = self._scope.since <= entry.at < self._scope.until
        if entry.event in HOLES and when and self._globs.match(pipeline):
            self._holes.append(Hole(entry, pipeline, run))

    def damaged(self, record: str) -> None:
        """Name a record that could not be read; it may or may not be of this scope."""
        self._damaged.append(record)

    @property
    def broken(self) -> list[str]:
        """The receipt ids (`jti`) of the gates whose glass was broken."""
        return [one.jti for one in self._glass]

    def _answers(self, one: GateLine) -> None:
        for given in one.confirmations:
            answers = self._people[given.person]
            answers.confirmations[given.factor] += 1
            answers.waits.append(given.at - one.opened_at)
        if one.denial is not None and one.denial.person is not None:
            answers = self._people[one.denial.person]
            answers.denials += 1
            answers.waits.append(one.denial.at - one.opened_at)

    def _keep(self, one: GateLine) -> None:
        if one.outcome in NOTABLE:
            self._notable[one.outcome].append(one)
        if one.exemptions:
            self._exempted.append(one)
        if one.break_glass:
            self._glass.append(one)
        if self._whole:
            self._each.append(one)

    def report(self, reviews: Mapping[str, Reviewed] | None, *, trail: bool = True) -> Report:
        """Everything so far; `reviews` tell by `jti` whose broken glass was reviewed by whom, None: not known. Without
        the `trail` it is not known either what went past gates.
        """
        rows = [found for person, answers in self._people.items() if (found := answers.row(person))]
        return Report(
            scope=self._scope,
            total=self._total.row(),
            pipelines=_rows(self._pipelines),
            environments={place: group.row() for place, group in sorted(self._places.items(), key=_by_size_and_place)},
            factors=self._factor_rows(rows),
            people=tuple(sorted(rows, key=lambda row: (-row.answers, row.person))),
            hours=tuple(group.row() for group in self._hours),
            week={key: _slot(found) for key, found in sorted(self._week.items())},
            days={day: {o: found[o] for o in Outcome if found[o]} for day, found in sorted(self._days.items())},
            notable={o: _in_order(self._notable[o]) for o in NOTABLE},
            exempted=_in_order(self._exempted),
            break_glass=_in_order(self._glass),
            reviews=reviews,
            holes=tuple(self._holes) if trail else None,
            each=_in_order(self._each) if self._whole else None,
            damaged=tuple(sorted(self._damaged)),
        )

    def _factor_rows(self, people: list[PersonRow]) -> tuple[FactorRow, ...]:
        given: Counter[Factor] = Counter()
        for row in people:
            given.update(row.confirmations)
        known = [FactorRow(f, self._factors[f], given[f]) for f in Factor if self._factors[f] or given[f]]
        nobody = self._factors[None]
        return (*known, *([FactorRow(None, nobody, 0)] if nobody else []))


def _slot(found: list[int]) -> Slot:
    asked, *waits = found
    figures = times(waits)
    return Slot(asked, figures.median if figures else None)


def _size(group: _Group) -> int:
    return -group.outcomes.total()


def _rows(groups: Mapping[str, _Group]) -> dict[str, Row]:
    """The greatest first."""
    return {name: group.row() for name, group in sorted(groups.items(), key=lambda item: (_size(item[1]), item[0]))}


def _by_size_and_place(item: tuple[Place, _Group]) -> tuple[int, str, bool]:
    place, group = item
    return _size(group), place.name, place.claimed


def _in_order(found: list[GateLine]) -> tuple[GateLine, ...]:
    return tuple(sorted(found, key=lambda one: (one.opened_at, one.jti)))
