"""What rules on trial (`mode = "observe"`) would have asked for, and the time that it would have cost.

The time is measured, not guessed: the median time to decision of comparable gates (which asked the same approvers for
the same factor), else of all gates that people decided.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Clause, Factor, Gate
from jenkins_mfa.core.policy import Globs
from jenkins_mfa.reporting.figures import times
from jenkins_mfa.reporting.lines import concerns, refused, waited
from jenkins_mfa.reporting.model import Scope

Approvers = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a rule asks for: `count` distinct people of `approvers` (roster ids, `group:<name>`), with `factor`."""

    factor: Factor
    count: int
    approvers: Approvers


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule on trial and a pipeline: at how many `gates`, out of `of`, it would have asked for confirmations.

    `fresh` of them asked nobody otherwise; for `hopeless` ones fewer people than needed could have answered. `hours`
    counts the gates by hour of the day (UTC). `wait` (ms) is the time to expect for one of them, None where nobody has
    decided anything yet; it is measured on `measured` gates, which are `comparable`, or all.
    """

    rule: str
    pipeline: str
    gates: int
    of: int
    fresh: int
    hopeless: int
    answers: int
    asks: tuple[Ask, ...]
    people: tuple[str, ...]
    hours: tuple[int, ...]
    wait: int | None
    measured: int
    basis: Literal["comparable", "all", "none"]

    @property
    def total(self) -> int | None:
        """The time that all its gates together would have waited (ms)."""
        return None if self.wait is None else self.wait * self.gates


@dataclass(frozen=True, slots=True)
class ObserveReport:
    """`gates` were looked at; `trials` are what rules would have asked, most first; `silent` rules nothing."""

    scope: Scope
    gates: int
    trials: tuple[Trial, ...]
    silent: tuple[str, ...]
    damaged: tuple[str, ...]


class _Trial:
    """One rule and pipeline, while it is counted."""

    def __init__(self) -> None:
        self.gates = self.fresh = self.hopeless = self.answers = 0
        self.asks: Counter[Ask] = Counter()
        self.people: set[str] = set()
        self.hours = [0] * 24

    def add(self, gate: Gate, clauses: tuple[Clause, ...]) -> None:
        self.gates += 1
        self.fresh += gate.requirement is None or not gate.requirement.clauses
        self.hopeless += not quorum.satisfiable(clauses, Factor)
        self.answers += sum(clause.count for clause in clauses)
        self.asks.update(Ask(clause.factor, clause.count, clause.approvers) for clause in clauses)
        self.people.update(person for clause in clauses for person in clause.people)
        self.hours[datetime.fromtimestamp(gate.opened_at // 1000, UTC).hour] += 1


class Watch:
    """Gates of a scope, added up for rules on trial; `rules` names those of the present policy."""

    def __init__(self, scope: Scope, rules: Iterable[str] = ()) -> None:
        self._scope = scope
        self._globs = Globs((scope.pipeline or "*",))
        self._rules = tuple(rules)
        self._pipelines: Counter[str] = Counter()
        self._trials: defaultdict[tuple[str, str], _Trial] = defaultdict(_Trial)
        self._all = array("q")
        self._alike: defaultdict[tuple[Factor, Approvers], array[int]] = defaultdict(lambda: array("q"))
        self._damaged: list[str] = []

    def add(self, gate: Gate) -> None:
        """Count a gate, if it is of this scope. One that was denied at its opening would not have been asked for."""
        scope = self._scope
        if not scope.since <= gate.opened_at < scope.until or gate.run.test:
            return
        self._measure(gate)
        if not self._globs.match(gate.run.pipeline):
            return
        if scope.environment and not concerns(gate, scope.environment):
            return
        self._pipelines[gate.run.pipeline] += 1
        if refused(gate):
            return
        observed = gate.requirement.observed if gate.requirement else ()
        for rule in dict.fromkeys(clause.rule for clause in observed):
            clauses = tuple(clause for clause in observed if clause.rule == rule)
            self._trials[rule, gate.run.pipeline].add(gate, clauses)

    def damaged(self, record: str) -> None:
        """Name a record that could not be read; it may or may not be of this scope."""
        self._damaged.append(record)

    def _measure(self, gate: Gate) -> None:
        """How long people took, whatever the pipeline: the people and what they have to do are what compares."""
        wait = waited(gate)
        if wait is None or gate.requirement is None:
            return
        self._all.append(wait)
        for kind in dict.fromkeys((clause.factor, clause.approvers) for clause in gate.requirement.clauses):
            self._alike[kind].append(wait)

    def report(self) -> ObserveReport:
        """Everything so far."""
        found = [self._trial(rule, pipeline, one) for (rule, pipeline), one in self._trials.items()]
        seen = {trial.rule for trial in found}
        return ObserveReport(
            scope=self._scope,
            gates=self._pipelines.total(),
            trials=tuple(sorted(found, key=lambda trial: (-trial.gates, trial.rule, trial.pipeline))),
            silent=tuple(rule for rule in self._rules if rule not in seen),
            damaged=tuple(sorted(self._damaged)),
        )

    def _trial(self, rule: str, pipeline: str, one: _Trial) -> Trial:
        asks = tuple(ask for ask, _ in sorted(one.asks.items(), key=lambda item: (-item[1], str(item[0]))))
        alike = [wait for kind in {(ask.factor, ask.approvers) for ask in asks} for wait in self._alike.get(kind, ())]
        basis: Literal["comparable", "all", "none"] = "comparable" if alike else "all" if self._all else "none"
        measured = times(alike or self._all)
        return Trial(
            rule=rule,
            pipeline=pipeline,
            gates=one.gates,
            of=self._pipelines[pipeline],
            fresh=one.fresh,
            hopeless=one.hopeless,
            answers=one.answers,
            asks=asks,
            people=tuple(sorted(one.people)),
            hours=tuple(one.hours),
            wait=measured.median if measured else None,
            measured=measured.count if measured else 0,
            basis=basis,
        )
