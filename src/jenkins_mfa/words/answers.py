"""Private answers: what a tap, a code or a denial did, whether it was recorded, and who or what can help next."""

from __future__ import annotations

from jenkins_mfa.core import characters
from jenkins_mfa.core.model import Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import holding, people, render
from jenkins_mfa.words.parts import Parts, duration, join, say, sentences

REASON_LEAST, REASON_MOST = 3, 250  #: characters of a reason that a person gives
REASON_SHOWN = 300  #: room that it may take (contract: `shown`)


def unfit(reason: str) -> Parts:
    """What is wrong with a reason that somebody typed; empty for one that can be used."""
    if not REASON_LEAST <= len(reason) <= REASON_MOST:
        return too_short()
    excess = characters.shown(render.visible(reason)) - REASON_SHOWN
    return too_long(excess) if excess > 0 else ()


def counted(gate: Gate, roster: Roster, now: int) -> Parts:
    """A confirmation was stored."""
    done, total = people.filled(gate)
    first = say("Your confirmation counts: {done} of {total}.", done=done, total=total)
    still = people.opens(gate, roster)
    if not still:
        return sentences([first, say("Jenkins gets the answer now.")])
    left = duration(gate.deadline - now)
    return sentences([first, say(f"Still open: {{still}}, {left} left.", still=still)])


def retracted(gate: Gate, roster: Roster) -> Parts:
    """A confirmation was taken back."""
    still = say("Still open: {still}.", still=people.opens(gate, roster))
    return sentences([say("Taken back: your confirmation does not count any more."), still])


def more_asked() -> Parts:
    """A tap was sent, and by then it is not enough."""
    return say("Not counted: more than a tap is asked of you by now. Begin again.")


def denied(gate: Gate, roster: Roster) -> Parts:
    """A denial was stored."""
    told = people.requesters(gate, roster)
    report = holding.further(gate, roster) if gate.denial and gate.denial.report else ()
    if not told:
        return sentences([say("Denied. The build is being aborted."), report])
    verb = "is" if len(told) == 1 else "are"
    done = say(f"Denied. The build is being aborted, and {{who}} {verb} told.", who=join(told, last=" and "))
    return sentences([done, report])


def unrecorded(*, code: bool = False) -> Parts:
    """The store could not be reached before anything was sent."""
    if code:
        return say("Not recorded: the store cannot be reached. Try again with the next code.")
    return say(
        "Not recorded: the store cannot be reached. Nothing changed; tap again in a minute. Nothing goes on meanwhile."
    )


def uncertain(*, code: bool = False) -> Parts:
    """The store went away before it answered."""
    if code:
        return say(
            "Not known whether it was recorded. Tap Back and look at the message; if it still asks you, "
            "approve with the next code. You count once."
        )
    return say("Not known whether this was recorded: the store went away. Tap again in a minute; you count once.")


def unchecked() -> Parts:
    """The messenger could not say whether the account is active."""
    return say("Not recorded: Slack did not say whether your account may answer. Try again in a minute.")


def outsiders() -> Parts:
    """Who is no full, active member of our workspace."""
    return say("Not counted: guests and people of other workspaces cannot answer.")


def unreadable() -> Parts:
    """A payload that does not have the shape it must have."""
    return say("jenkins-mfa does not know this button. Nothing changed.")


def late() -> Parts:
    """The messenger did not open the form in time."""
    return say("The form did not open in time. Nothing changed; tap again.")


def too_short() -> Parts:
    """A denial's reason that says nothing, or too much to be one."""
    return say("Say why in 3 to 250 characters.")


def too_long(excess: int) -> Parts:
    """A denial's reason that takes more room than there is."""
    return say("Too long to show whole by {n}; & < > take more room.", n=excess)
