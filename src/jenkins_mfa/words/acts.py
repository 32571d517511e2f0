"""What administrators do with a factor of theirs: what the form asks, what was done, and whom it is told."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.core.model import Act
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, say

TITLE = "Confirm with a code"
SUBMIT = "Confirm"
HINT = "6 digits. A code works once and only for this. Slack shows it on your screen while you type."


@dataclass(frozen=True, slots=True)
class _Said:
    """An act's sentences: `{target}` is who it is about. `terminal` is the operator's way to the same end."""

    asks: str
    done: str
    terminal: str


#: One line for each act of usecases/acts.py.
SAID = {
    "lost": _Said(
        "Suspend all that {target} answers with, since it is lost.",
        "Done: nothing of {target} counts until they have enrolled anew. They and ops are told.",
        "jenkins-mfa authenticators suspend",
    ),
    "unlock": _Said(
        "Let the codes of {target} count again.",
        "Done: the codes of {target} count again. They and ops are told.",
        "jenkins-mfa authenticators unlock",
    ),
    "release": _Said(
        "Let builds of {target} be asked again, which a report holds.",
        "Done: builds of {target} are asked again. Ops are told.",
        "jenkins-mfa holds release",
    ),
}

#: Why an act was not done, to whoever began it.
REFUSALS = {
    "not_administrator": "Not done: only the administrators whom the policy names may do this.",
    "unknown_act": "jenkins-mfa does not know this form. Nothing changed.",
    "unknown_person": "Not done: that person is not in the roster.",
    "own_loss": "Not done: for your own phone or key no code is needed. Type /mfa lost alone.",
    "own_codes": "Not done: nobody lifts the lock of their own codes. Another administrator can.",
    "own_hold": "Not done: nobody releases their own builds. Another administrator can.",
    "not_held": "Nothing to do: no report holds builds of this person.",
    "holds_damaged": "Not done: the list of held requesters is not what jenkins-mfa wrote. Ops are told.",
    "not_locked": "Nothing to do: the codes of this person are not locked.",
    "record_damaged": "Not done: what is stored about this person is not what jenkins-mfa wrote. Ops are told.",
}

#: The same in the trail: what its person did or is.
REFUSED = {
    "not_administrator": "is no administrator",
    "unknown_act": "wanted what jenkins-mfa does not know",
    "unknown_person": "named nobody of the roster",
    "own_loss": "named themselves",
    "own_codes": "wanted to lift the lock of their own codes",
    "own_hold": "wanted to release their own builds",
    "not_held": "wanted to release whom nothing held",
    "holds_damaged": "came while the list of held requesters was not what was written",
    "not_locked": "wanted to lift a lock that was not there",
    "record_damaged": "met a record that is not what was written",
}


def asked(act: Act, roster: Roster, expires: int) -> list[Parts]:
    """The first lines of the form: what its code is given for, and until when it works (ms UTC)."""
    return [
        say(SAID[act.name].asks, target=people.person(roster, act.target)),
        say("This form works until {expires}.", expires=Time(expires)),
    ]


def done(act: Act, roster: Roster) -> Parts:
    """It was done."""
    return say(SAID[act.name].done, target=people.person(roster, act.target))


def needs_key(act: Act) -> Parts:
    """An administrator without a code app."""
    return say(
        "Not done: this takes a code, and you have a security key alone. Ask an administrator with a code app, or the "
        "operator: {terminal}",
        terminal=Word(f"{SAID[act.name].terminal} {act.target}"),
    )


def nobody(word: str) -> Parts:
    """A command that needs a person."""
    return say(f"/mfa {word} needs somebody of the roster: @name or their id there.")


def unlocked(person: str, by: str, roster: Roster, *, mine: bool) -> Parts:
    """To ops, and to the person themselves (`mine`)."""
    who = people.person(roster, by) if by in roster.people else (Fact(by),)
    if mine:
        return say("Your codes count again: {who} lifted the lock.", who=who)
    return say(
        "The codes of {person} count again: {who} lifted the lock.", person=people.person(roster, person), who=who
    )


def name(act: str) -> str:
    """An act's name in a sentence of the trail; one of another version is not repeated."""
    return act if act in SAID else "an act"
