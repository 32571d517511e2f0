"""Why the agent itself denied."""

from __future__ import annotations

from jenkins_mfa.core.model import Denial
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Parts, Word, say, sentences

#: Why, as the rest of a sentence. Each slot is a value of the denial, and anything may stand in it.
WHY = {
    "no_rule": "no rule says who may confirm it",
    "nobody_named": "the Jenkinsfile asks for a confirmation, and the policy names nobody who could give it",
    "policy_error": "the policy could not be asked: {problem}",
    "stranger": "{who} is behind the build and not in the roster, which the policy refuses",
    "assurance": "a rule asks for a receipt that the build checks, and this input checks none",
    "no_number": "a rule asks for the number that the build shows, and this input shows none",
    "number_reused": "it shows a number that another build showed lately, so somebody may know it without looking",
    "bad_request": "the request cannot be used: {problem}",
    "cannot_show": "it cannot be shown whole: {problem}",
    "other_run": "the request names another build, {named}",
    "wrong_version": "the request is of a version that jenkins-mfa does not know",
    "unknown_key": "the build can verify none of our keys, only {kids}",
    "revoked_key": "the build knows only receipt keys that were revoked. Start a new one",
    "key_ended": "the keys that this build can verify have ended while it waited",
    "glass_gone": "the policy has no such break-glass rule any more",
    "foreign_library": "the library {library} is not there, or comes from an untrusted place",
    "shadowed": "the library {library}, which is not trusted, brings an mfaGate of its own",
    "twin": "two inputs of this build have the same id, or the id belongs to another build",
    "rolled_back": "the store was put back from an older copy while this build ran. Start a new build",
    "test_stopped": "the test was stopped",
    "seal_broken": "what the store holds about it is not what was written. Ops are told",
}
SLOTS = ("problem", "who", "named", "kids", "library")

#: Why, without the values that the gate's own page has.
DENIED = {
    "no_rule": "no rule says who may confirm it",
    "nobody_named": "the Jenkinsfile asks for a confirmation, and the policy names nobody",
    "policy_error": "the policy could not be asked",
    "factor_unavailable": "it needs a factor that is not set up here",
    "too_few_people": "fewer people may approve this than it needs",
    "stranger": "somebody behind the build is not in the roster",
    "no_number": "a rule asks for the number that the build shows, and this input shows none",
    "number_reused": "it shows a number that another build showed lately",
    "assurance": "a rule asks for a receipt that the build checks, and this input checks none",
    "bad_request": "the request cannot be used",
    "cannot_show": "it cannot be shown whole",
    "other_run": "the request names another build",
    "wrong_version": "the request is of a version that jenkins-mfa does not know",
    "unknown_key": "the build can verify none of our keys",
    "revoked_key": "the build knows only receipt keys that were revoked",
    "key_ended": "the keys that this build can verify have ended",
    "glass_gone": "the policy has no such break-glass rule any more",
    "foreign_library": "the library is not there, or comes from an untrusted place",
    "shadowed": "a library that is not trusted brings an mfaGate of its own",
    "twin": "two inputs of the build have the same id, or the id belongs to another build",
    "sticky": "a person had denied this build before",
    "seal_broken": "what the store holds about it is not what was written",
    "rolled_back": "the store was put back from an older copy while the build ran",
    "superseded": "a newer build asks for the same",
    "test_stopped": "the test was stopped",
}


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
        case "factor_unavailable":
            return say("it needs {factor}, which is not set up here", factor=_factor(values))
        case "too_few_people" if values.get("needed") == "1":
            return say("nobody may approve this")
        case "too_few_people":
            return say("it needs {n} people, and fewer may approve this", n=Word(values.get("needed", "more")))
        case "sticky":
            return _sticky(values, roster)
        case "superseded":
            return say("build {newer} asks for the same now", newer=_newer(values))
    given = {slot: Fact(values.get(slot, "")) for slot in SLOTS}
    return say(WHY.get(denial.reason, "{code}"), code=Fact(denial.reason), **given)


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
