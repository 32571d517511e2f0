"""What administrators do with a factor of theirs: what the form asks, what was done, and whom it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jenkins_mfa.core.model import Act
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, say, sentences

TITLE = "Confirm with a code"
SUBMIT = "Confirm"
PAGE_TITLE = "Confirm what you do as administrator"
KEY_TITLE = "With your security key"
KEY_TEXT = "It signs exactly this."
KEY = "Confirm with your key"
CODE_TITLE = "With a code"
CODE_TEXT = "6 digits. A code works once and only for this."
CODE = "Confirm with a code"
OPEN = "Open the page"
ADDRESS_TITLE = "The one-time address"
ADDRESS_TEXT = (
    "It is shown here once. Hand it over outside Slack: let them scan the picture, or send it by another way. "
    "It opens once, within 24 hours, and enrols nothing unless they say in their own Slack that it is them."
)
QR_LABEL = "The address as a QR code, for the camera of a phone"
HINT = "6 digits. A code works once and only for this. Slack shows it on your screen while you type."


@dataclass(frozen=True, slots=True)
class _Said:
    """An act's sentences: `{target}` is who it is about, `{authenticator}` what of theirs, where the act names one.
    `terminal` is the operator's way to the same end.
    """

    asks: str
    done: str
    terminal: str


#: One line for each act of usecases/acts.py.
SAID = {
    "invite": _Said(
        "Invite {target} to enrol an authenticator: a one-time address is made for them.",
        "Done: {target} is invited. They and ops are told, without the address.",
        "jenkins-mfa enroll ticket",
    ),
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
    "confirm": _Said(
        "Let {authenticator} count, which {target} has enrolled: they answer with it from then on. Ask them first.",
        "Done: {authenticator} of {target} counts from now on. They and ops are told.",
        "jenkins-mfa enroll confirm",
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
    "own_invitation": "Not done: nobody invites themselves. Another administrator can.",
    "own_loss": "Not done: for your own phone or key no code is needed. Type /mfa lost alone.",
    "own_codes": "Not done: nobody lifts the lock of their own codes. Another administrator can.",
    "own_enrolment": "Not done: nobody confirms their own authenticator. Another administrator can.",
    "own_invited": "Not done: you let them enrol it, so a second administrator confirms it.",
    "not_awaited": "Nothing to do: no authenticator of this person waits for a second administrator, or not any more.",
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
    "own_invitation": "wanted to invite themselves",
    "no_invitations": "wanted to invite somebody, and there are no pages to enrol on",
    "key_alone": "has a security key alone, and there is no page to ask for it",
    "own_loss": "named themselves",
    "own_codes": "wanted to lift the lock of their own codes",
    "own_enrolment": "wanted to confirm an authenticator of their own",
    "own_invited": "wanted to confirm what they had let be enrolled",
    "not_awaited": "wanted to confirm what did not wait",
    "own_hold": "wanted to release their own builds",
    "not_held": "wanted to release whom nothing held",
    "holds_damaged": "came while the list of held requesters was not what was written",
    "not_locked": "wanted to lift a lock that was not there",
    "record_damaged": "met a record that is not what was written",
}


def asks(act: Act, roster: Roster) -> Parts:
    """What a code or a key is given for."""
    return _about(SAID[act.name].asks, act, roster)


def asked(act: Act, roster: Roster, expires: int) -> list[Parts]:
    """The first lines of the form: what its code is given for, and until when it works (ms UTC)."""
    return [
        asks(act, roster),
        say("This form works until {expires}.", expires=Time(expires)),
    ]


def done(act: Act, roster: Roster) -> Parts:
    """It was done."""
    return _about(SAID[act.name].done, act, roster)


def _about(sentence: str, act: Act, roster: Roster) -> Parts:
    """The target of `confirm` is a person and an authenticator of theirs, of others a person alone."""
    person, authenticator = act.target, ""
    if act.name == "confirm":
        person, _, authenticator = act.target.partition(" ")
    return say(sentence, target=people.person(roster, person), authenticator=Word(authenticator))


def page(act: Act, roster: Roster, expires: int) -> Parts:
    """Stands beside the button that opens the act's page."""
    opens = say("Confirm it on a page that opens once, for you only, until {expires}.", expires=Time(expires))
    return sentences([asks(act, roster), opens])


def page_hint(roster: Roster, person: str, until: int) -> Parts:
    """Whose page it is, and until when."""
    return say("For {who} only, until {until}.", who=people.person(roster, person), until=Time(until))


def key_alone(values: Mapping[str, str]) -> Parts:
    """An administrator without a code app, where there is no page for keys."""
    first = (
        "Not done: this takes a code, and you have a security key alone. Ask an administrator with a code app, or the"
    )
    said = SAID.get(values.get("act", ""))
    if said is None:
        return say(f"{first} operator.")
    return say(f"{first} operator: {{terminal}}", terminal=Word(f"{said.terminal} {values.get('target', '')}"))


def no_invitations(values: Mapping[str, str]) -> Parts:
    """An invitation leads to a page, and there is none."""
    return say(
        "Not done: jenkins-mfa has no pages to enrol on. Ops: [web] in config.toml; or at the agent's terminal: "
        "{terminal}",
        terminal=Word(f"jenkins-mfa enroll local {values.get('target', 'NAME')}"),
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


def invited(person: str, by: str, roster: Roster, *, mine: bool) -> Parts:
    """To ops, and to the person themselves (`mine`); never with the address."""
    who = people.person(roster, by) if by in roster.people else (Fact(by),)
    if mine:
        return say(
            "{who} has made a one-time address for you, to enrol an authenticator, and hands it over outside Slack. "
            "If you did not expect that, tell ops, and answer No when you are asked whether it is you.",
            who=who,
        )
    return say("{who} has invited {person} to enrol an authenticator.", who=who, person=people.person(roster, person))


def name(act: str) -> str:
    """An act's name in a sentence of the trail; one of another version is not repeated."""
    return act if act in SAID else "an act"
