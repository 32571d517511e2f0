"""Break-glass: a rule of its own replaces the normal ones for one gate, and a third person looks at it afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jenkins_mfa.core import policy
from jenkins_mfa.core.gate import Event, Kind, Refused, advance
from jenkins_mfa.core.model import Alert, BrokenGlass, Commit, Entry, Gate, Requirement, Review, ReviewsRecord
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import eligible
from jenkins_mfa.usecases.decisions import audited
from jenkins_mfa.usecases.desk import Desk, Who, apply, commit_id, decide, load

REMIND = 24 * 3600 * 1000  #: ms between two reminders of one review, and before the first


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """What people do about it. `cause` names the command (unique in the messenger): delivered twice, it counts once."""

    desk: Desk

    def open(self, jti: str, who: Who, reason: str, cause: str) -> Gate:
        """Put a pending gate under the break-glass rule. It confirms nothing: that, the people named there do.

        Its review is open from this very commit on, so that it cannot get lost. Raises Refusal.
        """

        def attempt() -> Gate:
            gate = load(self.desk, jti)
            if gate.broken is not None and gate.broken.cause == cause:
                self.desk.store.confirm(gate)
                return gate
            return self._open(gate, who, reason, cause)

        return audited(self.desk, jti, who, cause, attempt)

    def review(self, jti: str, who: Who, note: str, cause: str) -> Gate:
        """A third person has looked at it. That changes nothing but the list of open reviews. Raises Refusal."""

        def attempt() -> Gate:
            gate = load(self.desk, jti)
            waiting = reviews(self.desk)
            if all(one.gate != gate.id for one in waiting.open):
                raise Refusal("no_review")
            if not gate.state.settled:
                raise Refusal("not_over")
            person = eligible.reviewing(self.desk, gate, who)
            details: dict[str, str | int] = {"reason": note, "via": who.via}
            now = self.desk.store.now()
            entry = Entry("gate:reviewed", now, person.id, gate.jti, gate.run.source, gate.run.key, details)
            rest = tuple(one for one in waiting.open if one.gate != gate.id)
            self.desk.store.commit(Commit(commit_id(cause, gate.jti), (_with(waiting, rest),), (entry,)))
            return gate

        return audited(self.desk, jti, who, cause, attempt)

    def _open(self, gate: Gate, who: Who, reason: str, cause: str) -> Gate:
        now = self.desk.store.now()
        if gate.broken is not None:
            raise Refusal("broken_before")
        glass = required(self.desk, gate, now)
        if glass is None or gate.requirement is None:
            raise Refusal("no_glass")
        person = eligible.opening(self.desk, gate, who, now, glass)
        if glass.refusal is not None:
            raise Refusal("glass_refused", {"reason": glass.refusal.code, **glass.refusal.values})
        glass = replace(glass, ttl=gate.requirement.ttl)  # the deadline stays
        broken = BrokenGlass(person.id, now, reason, cause, gate.requirement)
        step = advance(gate, Event(Kind.BROKE_GLASS, now, person.id, cause, broken=broken, requirement=glass))
        if isinstance(step, Refused):
            raise Refusal(step.code)
        if self.desk.messenger.cannot_show(step.gate):
            raise Refusal("glass_unshown")
        waiting = reviews(self.desk)
        return apply(self.desk, cause, step, _with(waiting, (*waiting.open, Review(gate.id, now))))


def required(desk: Desk, gate: Gate, at: int) -> Requirement | None:
    """What the policy asks for under break-glass at `at` (ms UTC); None where it has no rule for it."""
    if gate.claims is None:
        return None
    rules, history = desk.rules.now, replace(gate.history, at=at)
    return policy.break_glass(rules.policy, rules.roster, gate.facts, gate.claims, history)


def reviews(desk: Desk) -> ReviewsRecord:
    """The open reviews. Raises Refusal where the list is not as it was committed; ops are told then."""
    try:
        return desk.store.reviews()
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        raise Refusal("reviews_damaged") from None


def remind(desk: Desk) -> int:
    """Remind ops once a day of each review that is open for longer than a day; returns how many that were."""

    def attempt() -> int:
        waiting, now = desk.store.reviews(), desk.store.now()
        due = [one for one in waiting.open if now - max(one.at, one.reminded) >= REMIND]
        if not due:
            return 0
        after = tuple(replace(one, reminded=now) if one in due else one for one in waiting.open)
        alerts = tuple(Alert(f"unreviewed:{one.gate}:{now}", "unreviewed", now, one.gate) for one in due)
        desk.store.commit(
            Commit(commit_id("unreviewed", str(waiting.version)), (_with(waiting, after),), alerts=alerts)
        )
        return len(due)

    try:
        return decide(attempt)
    except DamagedError as damaged:
        desk.store.set_aside(damaged)
        return 0


def _with(record: ReviewsRecord, waiting: tuple[Review, ...]) -> ReviewsRecord:
    return ReviewsRecord(record.version + 1, waiting)
