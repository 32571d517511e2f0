"""Why the agent itself denied, and how a run ended without our answer."""

from __future__ import annotations

from jenkins_mfa.core.model import Denial, Gate, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Parts, Word, say, sentences


def at_opening(denial: Denial) -> bool:
    """Whether the agent denied before anybody was asked."""
    return denial.cause.startswith("open:")


def system(denial: Denial, roster: Roster) -> Parts:
    """The lines of a denial by the agent: why, and whether anybody was asked."""
    if denial.reason == "superseded":
        return say("Build {newer} asks for the same now. Nobody denied this one.", newer=_newer(denial.values))
    first = say("Denied by jenkins-mfa: {why}.", why=why(denial, roster))
    return sentences([first, say("Nobody was asked.")]) if at_opening(denial) else first


def why(denial: Denial, roster: Roster) -> Parts:
    """The reason of a denial by the agent, as the rest of a sentence."""
    values = denial.values
    match denial.reason:
        case "no_rule":
            return say("no rule says who may confirm it")
        case "nobody_named":
            return say("the Jenkinsfile asks for a confirmation, and the policy names nobody who could give it")
        case "policy_error":
            return say("the policy could not be asked: {problem}", problem=Fact(values.get("problem", "")))
        case "factor_unavailable":
            return say("it needs {factor}, which is not set up here", factor=_factor(values))
        case "too_few_people":
            if values.get("needed") == "1":
                return say("nobody may approve this")
            return say("it needs {n} people, and fewer may approve this", n=Word(values.get("needed", "more")))
        case "stranger":
            who = Fact(values.get("who", ""))
            return say("{who} is behind the build and not in the roster, which the policy refuses", who=who)
        case "assurance":
            return say("a rule asks for a receipt that the build checks, and this input checks none")
        case "no_number":
            return say("a rule asks for the number that the build shows, and this input shows none")
        case "number_reused":
            return say("it shows a number that another build showed lately, so somebody may know it without looking")
        case "bad_request":
            return say("the request cannot be used: {problem}", problem=Fact(values.get("problem", "")))
        case "cannot_show":
            return say("it cannot be shown whole: {problem}", problem=Fact(values.get("problem", "")))
        case "other_run":
            return say("the request names another build, {named}", named=Fact(values.get("named", "")))
        case "wrong_version":
            return say("the request is of a version that jenkins-mfa does not know")
        case "unknown_key":
            return say("the build can verify none of our keys, only {kids}", kids=Fact(values.get("kids", "")))
        case "revoked_key":
            return say("the build knows only receipt keys that were revoked. Start a new one")
        case "key_ended":
            return say("the keys that this build can verify have ended while it waited")
        case "glass_gone":
            return say("the policy has no such break-glass rule any more")
        case "foreign_library":
            name = Fact(values.get("library", ""))
            return say("the library {name} is not there, or comes from an untrusted place", name=name)
        case "twin":
            return say("two inputs of this build have the same id, or the id belongs to another build")
        case "sticky":
            return _sticky(values, roster)
        case "superseded":
            return say("build {newer} asks for the same now", newer=_newer(values))
        case "rolled_back":
            return say("the store was put back from an older copy while this build ran. Start a new build")
        case "test_stopped":
            return say("the test was stopped")
        case "seal_broken":
            return say("what the store holds about it is not what was written. Ops are told")
    return say("{code}", code=Fact(denial.reason))


def _newer(values: dict[str, str]) -> Parts:
    number = values.get("run", "")
    return (Word(f"#{number}"),) if number.isascii() and number.isdigit() else (Fact(number),)


def _factor(values: dict[str, str]) -> Parts:
    known = {factor.value: gives for factor, gives in people.GIVES.items()}
    return say(known.get(values.get("factor", ""), "a factor"))


def _sticky(values: dict[str, str], roster: Roster) -> Parts:
    who = people.person(roster, values.get("person", ""))
    reason = values.get("reason", "")
    if not reason:
        return say("denied before by {who}", who=who)
    # Inline, where a quotation is marked by its signs and not by a bar.
    return say("denied before by {who}, with the reason {reason}", who=who, reason=Fact(reason))


def ending(gate: Gate) -> list[Parts]:
    """How the run ended, or was let go on, without our answer."""
    if gate.ending is None:
        return []
    if gate.state is State.BYPASSED:
        return [_bypassed(gate)]
    before = "the answer reached it" if gate.decided_at else "a decision"
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
