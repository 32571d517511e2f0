"""How a run ended without our answer."""

from __future__ import annotations

from jenkins_mfa.core.model import Gate, State
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Parts, say, sentences


def ending(gate: Gate) -> list[Parts]:
    """How the run ended, or was let go on, without our answer."""
    if gate.ending is None:
        return []
    if gate.state is State.BYPASSED:
        return [_bypassed(gate)]
    before = "the answer reached it" if gate.decided_at else "a decision"
    if gate.ending.code == "gone":  # as where a Pipeline's own timeout, or somebody in Jenkins, ended this step alone
        return [say(f"The input went away in Jenkins before {before}. The build may still run.")]
    return [say(f"The build ended in Jenkins before {before}: {{how}}.", how=how(gate.ending.code, gate.ending.by))]


def how(code: str, by: str) -> Parts:
    """How a run ended by itself, as the rest of a sentence; `by` is the source's user, if one is known."""
    who = say(" by {who}", who=Fact(by)) if by else ()
    match code:
        case "aborted":
            return say("aborted there{who}", who=who)
        case "stopped":
            return say("stopped there{who}", who=who)
        case "timeout":
            return say("timed out there")
        case "gone" | "ended":
            return say("its input is gone")
        case "unclear":
            text = "interrupted, after Proceed was pressed{who} at one of its inputs; Jenkins does not tell at which"
            return say(text, who=who)
        case "invisible":
            return say("no longer visible")
    return say("{result}", result=Fact(code))


def _bypassed(gate: Gate) -> Parts:
    code, by = (gate.ending.code, gate.ending.by) if gate.ending else ("", "")
    if code == "token_stolen":
        return say(
            "Proceed was pressed with this agent's own Jenkins account; the agent did not do it. "
            "Revoke its API token now."
        )
    if by:
        first = say("{who} pressed Proceed in Jenkins, without confirmation.", who=Fact(by))
    else:
        first = say("Somebody pressed Proceed; Jenkins does not tell who.")
    if gate.assurance != "verified":
        return sentences([first, say("Nothing held the build.")])
    number = people.number(gate.run)
    held = say("mfaGate goes on only with a receipt; check that {number} ended.", number=number)
    return sentences([first, held])
