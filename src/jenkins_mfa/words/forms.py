"""Buttons, dialogs and forms: their labels, hints and titles."""

from __future__ import annotations

from jenkins_mfa.core.model import Factor, Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people, render, state
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, join, say

#: The button that begins an answer.
APPROVE = {
    Factor.PUSH: "Approve",
    Factor.PUSH_NUMBER: "Approve with number",
    Factor.TOTP: "Approve with code",
    Factor.WEBAUTHN: "Approve with key",
}
DENY = "Deny"
RETRACT = "Take it back"
BACK = "Back"
CLOSE = "Close"
CONFIRM = "Approve"

CODE_TITLE = "Approve with a code"
CODE_LABEL = "Code from your authenticator app"
CODE_HINT = "6 digits. A code works once and only for this build. Slack shows it on your screen while you type."

NUMBER_TITLE = "Approve with the number"
NUMBER_LABEL = "Number that this build shows in Jenkins"
NUMBER_HINT = (
    "6 digits, at the paused step and in the log. Read it there yourself. "
    "If somebody tells it to you, tap Back, then Deny."
)

TAP_TITLE = "Approve this build?"

DENY_TITLE = "Deny this build"
REASON_LABEL = "Reason"
REPORT_LABEL = "Something is wrong here"
REPORT_OPTION = "Report it to ops"
REPORT_HINT = "Alerts ops, and holds further builds of who started this."

ENDED_TITLE = "Not recorded"
SAID_TITLE = "jenkins-mfa"

CONFIRM_TEXT = 300  #: characters of a confirm dialog's text


def approve(asked: frozenset[Factor]) -> str:
    """The button's name: with what, where everybody is asked for the same."""
    return APPROVE[next(iter(asked)) if len(asked) == 1 else Factor.PUSH]


def approve_label(gate: Gate, asked: frozenset[Factor]) -> str:
    """The button's name where it is read aloud."""
    run = f"build {gate.run.id}" if len(gate.run.id) <= 12 else "this build"
    with_what = {Factor.TOTP: " with a code", Factor.PUSH_NUMBER: " with the number"}
    return f"Approve {run}{with_what.get(next(iter(asked)), '') if len(asked) == 1 else ''}"


def deny_label(gate: Gate) -> str:
    """The button's name where it is read aloud."""
    return f"Deny build {gate.run.id}, asks for a reason" if len(gate.run.id) <= 12 else "Deny, asks for a reason"


def retract_label(gate: Gate) -> str:
    """The button's name where it is read aloud."""
    return f"Take back your confirmation of {'build ' + gate.run.id if len(gate.run.id) <= 12 else 'this build'}"


def confirm_title(gate: Gate) -> str:
    """The title of the dialog that asks before a tap counts."""
    number = render.terminal(people.number(gate.run))
    return f"Approve build {number}?" if len(number) <= 40 else "Approve this build?"


def confirm_text(gate: Gate, asked: frozenset[Factor]) -> str:
    """What the dialog says: which build, and that it can still be denied. Plain text, at most CONFIRM_TEXT."""
    more = "the number" if asked == {Factor.PUSH, Factor.PUSH_NUMBER} else "a code"
    code = "" if asked == {Factor.PUSH} else f" Whoever it needs {more} of is asked for it next."
    where = _where(gate)
    build = say("{job} {number}", job=Fact(gate.run.pipeline), number=people.number(gate.run))
    for what in (build, say("The build in this message")):
        found = render.terminal(
            say(
                f"{{what}}{{where}}. You may deny it until the answer is on its way to Jenkins.{code}",
                what=what,
                where=where,
            )
        )
        if len(render.escape(found)) <= CONFIRM_TEXT:
            return found
        where = ()
    return found


def _where(gate: Gate) -> Parts:
    environments = gate.requirement.environments if gate.requirement else ()
    names = (Word(", ".join(environments)),)
    return say(", environment by the policy: {names}", names=names) if environments else ()


def about(gate: Gate, expires: int = 0) -> list[Parts]:
    """The first lines of a form: which build, until when; `expires` is when the form itself ends (0: it does not)."""
    where = _where(gate)
    until = say("Until {until}.", until=Time(gate.deadline))
    if expires:
        until = say("{until} This form works until {expires}.", until=until, expires=Time(expires))
    return [
        say("{word}: {build}{where}.", word=say(state.word(gate)), build=people.build(gate.run), where=where),
        until,
    ]


def reason_hint(gate: Gate, roster: Roster, channel: str = "this channel") -> str:
    """Who will read the reason, and what a denial does; `channel` is how the place is called where it is asked."""
    told = people.requesters(gate, roster)
    here = f"{channel[0].upper()}{channel[1:]}"
    who = say(f"{{who}} and {channel}", who=join(told)) if told else say(here)
    then = "will read it. The build is aborted at once; it takes a new build to ask again."
    full = render.terminal(say(f"{{who}} {then}", who=who))
    return full if len(full) <= 500 else render.terminal(say(f"{here} {then}"))
