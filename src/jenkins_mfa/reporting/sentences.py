"""What all forms of a report say in the same words: names of rows, who, why, and what a figure means."""

from __future__ import annotations

from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting.model import Behind, GateLine, Hole, Outcome, Place, Report, Row, Scope, Times
from jenkins_mfa.words import denials, endings, history, missing, people, render
from jenkins_mfa.words import reasons as words
from jenkins_mfa.words.parts import Claim, Fact, Parts, Quote, Word, duration, join, say
from jenkins_mfa.words.tree import Branch

NONE = "–"  #: where there is no figure
UNTOLD = (Word(NONE),)
NOTES = (
    "Time to decision: from the gate's opening to the confirmation that filled its last place, or to the denial.",
    "Gates that expired, passed by the policy or were denied by jenkins-mfa have none.",
    "A person's time is that from the opening to their own answer.",
    "p95: 95 of 100 took no longer.",
    "Hours and days are in UTC. Gates count by when they opened.",
    "Counted are the gates whose records are in the store; the trail may tell of more, if some were deleted.",
)
HOLES = "Gates missing, inputs that came back, receipts refused"  #: title of what the trail says of holes
NO_HOLES = "What went past gates is not known: the trail cannot be read. See jenkins-mfa audit verify."
#: The lists of single gates: title, what is in it.
LISTS = {
    Outcome.BYPASSED: "Bypasses",
    Outcome.DENIED: "Denials",
    Outcome.REFUSED: "Denied by jenkins-mfa",
    Outcome.EXPIRED: "Expired",
    Outcome.WITHDRAWN: "Withdrawn",
    Outcome.PASSED: "Passed by the policy",
}


def period(scope: Scope) -> str:
    """As in "2026-11-01 00:00 to 2026-12-01 00:00 UTC"."""
    return f"{minute(scope.since)} to {minute(scope.until)} UTC"


def minute(ms: int) -> str:
    """A moment in UTC, to the minute."""
    return render.iso(ms)[:16].replace("T", " ")


def about(scope: Scope) -> Parts:
    """What the report leaves out."""
    asked = []
    if scope.pipeline:
        asked.append(say("pipelines {glob}", glob=Fact(scope.pipeline)))
    if scope.environment:
        asked.append(say("environment {name}", name=Fact(scope.environment)))
    return say("Only {asked}.", asked=join(asked, last=" and ")) if asked else ()


def place(one: Place) -> Parts:
    """An environment: the policy's own word, or what a pipeline claims."""
    if not one.name:
        return say("none")
    return say("{name}, as the pipeline says", name=Claim(one.name)) if one.claimed else (Word(one.name),)


def who(one: Behind, roster: Roster) -> Parts:
    """Somebody behind a run."""
    return people.person(roster, one.person) if one.person else people.unknown(one.subject)


def behind(found: tuple[Behind, ...], roster: Roster) -> Parts:
    """All of them."""
    return join([who(one, roster) for one in found]) or UNTOLD


def approvers(one: GateLine, roster: Roster) -> Parts:
    """Whose answers counted, and with what: "Alice Wu (code), Bob Ray (denied)"."""
    return join([told for told, _ in _answers(one, roster)]) or UNTOLD


def timed(one: GateLine, roster: Roster) -> Parts:
    """The same, each with its time (UTC)."""
    return join([say("{told} {at}", told=told, at=Word(clock(at))) for told, at in _answers(one, roster)]) or UNTOLD


def _answers(one: GateLine, roster: Roster) -> list[tuple[Parts, int]]:
    found = [(people.confirmed(roster, given), given.at) for given in one.confirmations]
    if one.denial is not None and one.denial.person is not None:
        who = people.person(roster, one.denial.person)
        found.append((say("{who} (denied)", who=who), one.denial.at))
    return found


def clock(ms: int) -> str:
    """A moment in UTC, to the second."""
    return render.iso(ms)[:19].replace("T", " ")


def why(one: GateLine, roster: Roster) -> Parts:
    """Why it became what it is: the person's own words, the agent's reason, who bypassed it, what let it pass."""
    if one.outcome is Outcome.BYPASSED:
        by = one.ending.by if one.ending else ""
        stolen = one.ending is not None and one.ending.code == "token_stolen"
        if stolen:
            return say("Proceed was pressed with the agent's own account")
        return say("{who} pressed Proceed", who=Fact(by)) if by else say("somebody pressed Proceed")
    if one.outcome is Outcome.WITHDRAWN:
        return endings.how(one.ending.code, one.ending.by) if one.ending else UNTOLD
    if one.outcome is Outcome.REPLACED:
        return say("a newer build asks for the same")
    if one.denial is not None:
        return (Quote(one.denial.reason),) if one.denial.person else denials.why(one.denial, roster)
    if one.outcome is Outcome.PASSED:
        return (Word(", ".join(one.passes_by) or NONE),)
    if one.outcome is Outcome.EXPIRED:
        given = len(one.confirmations)
        return say("{n} answered", n=given) if given else say("nobody answered")
    return UNTOLD


def reasons(one: GateLine) -> list[Branch]:
    """Which rules matched, what became of each, and why, as lines; none where the policy was not asked."""
    return [] if one.reasons.code == "none" else words.branches(one.reasons)


def glass(one: GateLine, report: Report, roster: Roster) -> Parts:
    """Who broke the glass, when and why, and which third person has looked at it since."""
    rule, review = Word(one.break_glass), _review(one, report, roster)
    if one.broken is None:
        return say("rule {rule}; {review}", rule=rule, review=review)
    return say(
        "rule {rule} by {who} {at}: {reason}; {review}",
        rule=rule,
        who=people.person(roster, one.broken.person),
        at=Word(clock(one.broken.at)),
        reason=Quote(one.broken.reason),
        review=review,
    )


def _review(one: GateLine, report: Report, roster: Roster) -> Parts:
    if report.reviews is None:
        return say("whether it was reviewed is not known")
    found = report.reviews.get(one.jti)
    if found is None:
        return say("not reviewed yet")
    who, at = people.person(roster, found.person), Word(clock(found.at))
    return say("reviewed by {who} {at}: {note}", who=who, at=at, note=Quote(found.note))


def hole(one: Hole, roster: Roster) -> Parts:
    """What the trail says of it; of a gate that is missing: why, who started the build, from which commit."""
    if one.entry.event == "gate:missing":
        return missing.told({name: str(value) for name, value in one.entry.details.items()}, roster)
    return history.sentence(one.entry, roster)


def of(one: Hole) -> Parts:
    """Which build a hole is about."""
    return say("{job} #{number}", job=Fact(one.pipeline), number=Word(render.visible(one.run)))


def took(figures: Times | None) -> str:
    """The median, or that there is none."""
    return duration(figures.median) if figures else NONE


def slowest(figures: Times | None) -> str:
    """The 95th percentile, or that there is none."""
    return duration(figures.p95) if figures else NONE


def share(count: int, of: int) -> str:
    """As in "93 %"."""
    return f"{round(100 * count / of)} %" if of else NONE


def factor(one: Factor | None) -> str:
    """A factor in the words of all surfaces."""
    return people.GIVES[one] if one else "nobody was asked"


def summary(report: Report) -> str:
    """The report in a sentence or two."""
    total: Row = report.total
    if not total.gates:
        return "No gate opened in this time."
    told = ", ".join(f"{count:,} {outcome.value}" for outcome, count in total.outcomes.items())
    first = f"{total.gates:,} gate{'s' if total.gates != 1 else ''}: {told}."
    if total.times is None:
        return f"{first} Nobody has decided any."
    half, most = duration(total.times.median), duration(total.times.p95)
    return f"{first} Half of the decisions took at most {half}, 95 of 100 at most {most}."
