"""A gate's state as the one line that stands on the run's own page (ux.md, section 7)."""

from __future__ import annotations

from collections.abc import Sequence

from jenkins_mfa.core.model import Gate, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import asking, denials, holding, people, render
from jenkins_mfa.words.parts import Parts, Time, Word, join, say

LONGEST = 500  #: characters; the page shows a line, not a story


def run_line(gate: Gate, roster: Roster, channels: Sequence[str] = ()) -> str:
    """Plain text, one line, without the prefix that the source puts before it; `channels` are where it is asked."""
    return render.terminal(_parts(gate, roster, channels)).replace("\n", " ")[:LONGEST]


def _parts(gate: Gate, roster: Roster, channels: Sequence[str]) -> Parts:
    if gate.state is State.PENDING and gate.held is not None:
        return say("held: {why}", why=holding.why(gate.held, roster))
    if gate.state is State.PENDING:
        until = Time(gate.deadline, clock=True)
        text = "break-glass: waiting for {opens} until {until}" if gate.broken else "waiting for {opens} until {until}"
        waits = say(text, opens=people.opens(gate, roster), until=until)
        asked = join([(Word(f"#{render.visible(name, quoted=False)}"),) for name in channels])
        return say("{waits}, asked in {asked}", waits=waits, asked=asked) if asked else waits
    if gate.state is State.WITHDRAWN:
        return say("ended before an answer reached it")
    if gate.denial is not None:
        if gate.denial.person is None:
            return say("denied by jenkins-mfa: {why}", why=denials.why(gate.denial, roster))
        who = people.person(roster, gate.denial.person)
        return say("denied by {who}: {reason}", who=who, reason=Word(render.visible(gate.denial.reason)))
    if gate.state is State.EXPIRED:
        done, total = people.filled(gate)
        return say("expired, {done} of {total}", done=done, total=total)
    if gate.requirement is not None and gate.requirement.passes_by:
        return say("passed by the policy: {why}", why=asking.passed(gate.requirement))
    names = [people.confirmed(roster, given) for given in gate.confirmations]
    return say("approved under break-glass by {names}" if gate.broken else "approved by {names}", names=join(names))
