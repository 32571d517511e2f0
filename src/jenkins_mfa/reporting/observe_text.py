"""The report on rules on trial, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from jenkins_mfa.core.model import Clause
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting import sentences
from jenkins_mfa.reporting.observe import Ask, ObserveReport, Trial
from jenkins_mfa.words import people, render
from jenkins_mfa.words.parts import Fact, Parts, Word, duration, join, say


def text(report: ObserveReport, roster: Roster) -> str:
    """All lines."""
    return "\n".join(_lines(report, roster)) + "\n"


def _lines(report: ObserveReport, roster: Roster) -> Iterator[str]:
    yield f"jenkins-mfa report observe, {sentences.period(report.scope)}"
    about = sentences.about(report.scope)
    if about:
        yield render.terminal(about)
    for record in report.damaged:
        yield f"Damaged, and counted nowhere: {record}"
    yield ""
    yield f"{report.gates:,} gate{'s' if report.gates != 1 else ''} opened in this time."
    if not report.trials and not report.silent:
        yield 'No rule was on trial. A rule is with mode = "observe" in policy.toml.'
    for one in report.trials:
        yield from ("", *_trial(one, roster))
    for rule in report.silent:
        yield from ("", f"{rule}: would have asked nobody.")
    if report.trials:
        yield from ("", *_NOTES)


_NOTES = (
    "To expect: the median time to decision of gates that asked the same approvers for the same factor in this time;",
    "without any, of all gates. Hours are in UTC.",
)


def _trial(one: Trial, roster: Roster) -> Iterator[str]:
    yield render.terminal(say("{rule}, pipeline {name}", rule=Word(one.rule), name=Fact(one.pipeline)))
    told: dict[str, Parts] = {
        "how often": say("{n} of {of} gates; {fresh} of them asked nobody", n=one.gates, of=one.of, fresh=one.fresh),
        "with what": join([_ask(ask, roster) for ask in one.asks], "; "),
        "of whom": people.names(roster, one.people, last="or") or say("nobody could have answered"),
        "when": (Word(_hours(one.hours)),),
        "to expect": _expected(one),
    }
    if one.hopeless:
        told["attention"] = say("at {n} of them fewer people could have answered than it needs", n=one.hopeless)
    for name, value in told.items():
        yield f"  {name:<10} {render.terminal(value)}"


def _ask(ask: Ask, roster: Roster) -> Parts:
    group = people.group(Clause("", ask.factor, ask.count, (), ask.approvers), roster)
    return say(f"{{n}} of {{group}} with {people.GIVES[ask.factor]}", n=ask.count, group=group)


def _hours(hours: tuple[int, ...]) -> str:
    """As in "09:00 3, 14:00 12"."""
    return ", ".join(f"{hour:02d}:00 {count:,}" for hour, count in enumerate(hours) if count)


def _expected(one: Trial) -> Parts:
    if one.wait is None or one.total is None:
        return say("not known: nobody has decided anything in this time")
    kind = "comparable gates" if one.basis == "comparable" else "gates of all kinds"
    if one.measured == 1:
        kind = kind.replace("gates", "gate")
    times = f"{duration(one.wait)} each, {duration(one.total)} in all"
    return say(
        f"{times}; {{answers}} confirmation{'s' if one.answers != 1 else ''}; measured on {{n}} {kind}",
        answers=one.answers,
        n=one.measured,
    )
