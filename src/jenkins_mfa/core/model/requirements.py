"""What a policy asks for, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from jenkins_mfa.core.model.factors import Factor


@dataclass(frozen=True, slots=True)
class Reason:
    """One node of an explanation: a stable code, its values, whether it held, and what it rests on.

    `holds` is None where that is not known.
    """

    code: str
    values: dict[str, str] = field(default_factory=dict)
    holds: bool | None = True
    children: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """`count` distinct people out of `people` (roster ids), each with at least `factor`.

    `approvers` are the roster ids and `group:<name>` that the rule names: whoever answers must still be one of them.
    """

    rule: str
    factor: Factor
    count: int
    people: tuple[str, ...]
    approvers: tuple[str, ...]

    @property
    def label(self) -> str:
        """The set of people in the words of the rule."""
        return ", ".join(self.approvers)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is asked too, `after` seconds from the opening, for the clauses of `rule`; and where it is told."""

    rule: str
    after: int
    people: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Tightening:
    """What a look after the opening added at `at` (ms UTC): the `rules` that ask for more since then, and what for:
    `clauses` hold only what came on top, `reasons` why those rules apply.
    """

    at: int
    rules: tuple[str, ...]
    clauses: tuple[Clause, ...]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """A conjunction of clauses, frozen when the gate opens. `refusal` is set when no answer could satisfy it;
    `channels` are where people are asked, "" stands for the default one. `ttl` and `remind_after` (0: never) are
    seconds.

    `passes_by` names what lets the gate pass without anybody (rules with `confirm = "none"`, exemptions): then there
    are no clauses. `observed` is what rules on trial would have asked. `break_glass` names the rule that replaced the
    others, and `review_by` who may review that afterwards (roster ids and `group:<name>`). `tightened` tells what was
    added since the gate opened.
    """

    clauses: tuple[Clause, ...]
    ttl: int
    channels: tuple[str, ...]
    rules: tuple[str, ...]
    policy_sha256: str
    environments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    refusal: Reason | None = None
    reasons: Reason = field(default_factory=lambda: Reason("none"))
    passes_by: tuple[str, ...] = ()
    observed: tuple[Clause, ...] = ()
    remind_after: int = 0
    escalations: tuple[Escalation, ...] = ()
    supersede: bool = False
    break_glass: str = ""
    review_by: tuple[str, ...] = ()
    tightened: tuple[Tightening, ...] = ()

    @property
    def total(self) -> int:
        """How many people it takes."""
        return sum(clause.count for clause in self.clauses)

    @property
    def factor(self) -> Factor:
        """The strongest factor of the clauses."""
        return max((clause.factor for clause in self.clauses), key=lambda f: f.strength, default=Factor.PUSH)

    @property
    def people(self) -> tuple[str, ...]:
        """Everyone who may answer, sorted."""
        return tuple(sorted({person for clause in self.clauses for person in clause.people}))
