"""Authenticators in words: what became of them, who did it, and the way back. To their owner, and to ops."""

from __future__ import annotations

from collections.abc import Sequence

from jenkins_mfa.core import challenge
from jenkins_mfa.core.model import Alert, Authenticator, Awaited, Factor, Gate, PersonRecord, State
from jenkins_mfa.core.policy import Person as Member
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import people
from jenkins_mfa.words.parts import Fact, Parts, Time, Word, join, say, sentences

AWAITED = 3  #: authenticators that wait for a second administrator which are named
#: What is enrolled, by its kind.
KINDS = {Factor.TOTP.value: "code app", Factor.WEBAUTHN.value: "security key"}
#: Why somebody's authenticators were suspended, as the rest of a sentence.
WHY = {
    "lost": "lost, or perhaps in other hands",
    "left": "no longer in the roster",
    "copied": "perhaps copied",
    "unconfirmed": "no second administrator confirmed it within 24 hours",
    "rolled_back": "switched off before the store was put back from an older copy",
}
#: What to do then.
TICKET = "To answer again you need a new address to enrol with: ask an administrator."
LOCKED_OUT = f"Not counted: what you answer with was called lost, so not even a tap of yours counts. {TICKET}"

UNCONFIRMED = (
    "Not counted: your authenticator waits for a second administrator, and counts for nothing until then. Ask one: "
    "/mfa pending names it."
)


def way(name: str, *, pages: bool) -> Word:
    """The command with which an administrator gives `name` a first authenticator; `pages`: whether there are pages."""
    return Word(f"jenkins-mfa enroll {'ticket' if pages else 'local'} {name}")


def alert(given: Alert, roster: Roster) -> Parts:
    """A change of somebody's authenticators: to them where the alert is theirs, else to ops."""
    values, by = given.values, doer(roster, given.values.get("by", ""))
    who = people.person(roster, values.get("person", ""))
    kinds = _kinds(values.get("kinds", ""))
    if given.code in {"enrolled", "enrol_waits"}:
        return _enrolled_now(given, who, kinds, by, roster)
    what = kinds or say("authenticators")
    what = say("Your {what}", what=what) if given.to else say("The {what} of {who}", what=what, who=who)
    if given.code == "revoked":
        return sentences([say("{what} was switched off by {by}.", what=what, by=by), _dropped(given)])
    why = say(f" ({WHY[values['reason']]})") if values.get("reason") in WHY else ()
    first = say("{what} can no longer be used: suspended by {by}{why}.", what=what, by=by, why=why)
    return sentences([first, _dropped(given), say(TICKET) if given.to else ()])


def _enrolled_now(given: Alert, who: Parts, kinds: Parts, by: Parts, roster: Roster) -> Parts:
    """A new one counts, or waits for a second administrator."""
    values, whom = given.values, say("You") if given.to else who
    mend = say("If that was not you: /mfa lost, and tell ops.") if given.to else ()
    if given.code == "enrol_waits":
        verb = "have" if given.to else "has"
        has = say(f"{{whom}} {verb} enrolled a {{kinds}}, invited by {{by}}.", whom=whom, kinds=kinds, by=by)
        until = Time(int(values.get("until", "0")))
        counts = say("It counts for nothing until a second administrator confirms it, before {until}", until=until)
        how = say(": /mfa confirm {person}, after asking {who}.", person=Word(f"@{values.get('person', '')}"), who=who)
        return sentences([has, say("{counts}{how}", counts=counts, how=say(".") if given.to else how), mend])
    second = values.get("second", "")
    confirmed = say(", confirmed by {who}", who=doer(roster, second)) if second else ()
    first = say(
        "{whom} can answer with a {kinds} from now on, enrolled by {by}{confirmed}.",
        whom=whom,
        kinds=kinds,
        by=by,
        confirmed=confirmed,
    )
    return sentences([first, mend])


#: In the person's own Slack, while a page is open.
ASKS = say(
    "Is it you who enrols an authenticator now? Somebody has opened the address that was made for you. "
    "Answer Yes only while that page stands before you and you opened it yourself."
)
YES, NO, LABEL = "Yes, it is me", "No", "who enrols an authenticator now"
VOUCHED = say("Recorded: it is you. Go on with the page.")
NOT_ME = say("Recorded: it is not you. The address has ended, nothing was enrolled, and ops are told.")


PAGE_TITLE = "Enrol an authenticator"
PAGE_ENDED = "Nothing can be enrolled here any more. Ask an administrator for a new address."
WAITS_TITLE = "Say in Slack that it is you"
WAITS_TEXT = (
    "jenkins-mfa has sent you a direct message in Slack. Choose “Yes, it is me” there; this page goes on by itself."
)
CODE_TITLE = "A code app"
CODE_TEXT = "On your phone: any app that shows codes of 6 digits. The key is shown once."
SHOW = "Show the key"
QR_LABEL = "The key as a QR code, for the camera of your code app"
HERE = "The code app is on this phone: open it"
TEXT_KEY = "Text key: "
CODE_LABEL = "Code that the app shows"
CODE_HINT = "6 digits. A code that matches proves that the app has the key."
PROVE = "Enrol the code app"
KEY_TITLE = "A security key or passkey"
KEY_TEXT = "It signs exactly what you approve, and works on this site only."
LABEL_LABEL = "A name for it, to tell it from others"
REGISTER = "Enrol a security key"


def page_hint(roster: Roster, person: str, until: int) -> Parts:
    """Whose page it is, and until when."""
    return say("For {who} only, until {until}.", who=people.person(roster, person), until=Time(until))


def page_done(made: Authenticator) -> str:
    """It counts from now on, or waits."""
    if made.waits:
        return "Enrolled. It counts once a second administrator has confirmed it; Slack tells you. Close this page."
    return f"Enrolled: you can answer with {people.GIVES[made.kind]} from now on. Close this page."


def denied(given: Alert, roster: Roster) -> Parts:
    """To ops: somebody opened the address that was meant for another."""
    who, by = people.person(roster, given.values.get("person", "")), doer(roster, given.values.get("by", ""))
    return say(
        "{who} says that it is not them who enrols with the address that {by} made: somebody else has opened it. "
        "It has ended, and nothing was enrolled. Find out how it got away before you make a new one.",
        who=who,
        by=by,
    )


def _dropped(given: Alert) -> Parts:
    """What the change took with it."""
    count = given.values.get("gates", "0")
    if not count.isdigit() or int(count) == 0:
        return ()
    if int(count) == 1:
        return say("A confirmation on a build that waits does not count any more.")
    return say("Confirmations on {n} builds that wait do not count any more.", n=int(count))


def _kinds(kinds: str) -> Parts:
    """As in "code app and security key"."""
    return join([(Word(KINDS[kind]),) for kind in kinds.split(",") if kind in KINDS], last=" and ")


def doer(roster: Roster, actor: str) -> Parts:
    """Who did it: somebody of the roster, the login of whoever sat at the agent's terminal, or the agent."""
    if actor in roster.people:
        return people.person(roster, actor)
    return say("jenkins-mfa") if actor == "agent" else (Fact(actor),)


def me(person: Member, record: PersonRecord, gates: Sequence[Gate], roster: Roster, now: int) -> list[Parts]:
    """What somebody has enrolled, since when, when it was used last, and what they can answer."""
    found = standing(person, record, now)
    if record.locked_out:
        return found
    able = sum(gate.state is State.PENDING and person.id in people.others(gate, roster) for gate in gates)
    waits = say("You can answer {n} of the {m} builds that wait.", n=able, m=len(gates))
    return [*found, waits if gates else say("Nothing waits.")]


def standing(person: Member, record: PersonRecord, now: int) -> list[Parts]:
    """Who somebody is, what they have enrolled, and what keeps it from counting."""
    groups = join([(Word(group),) for group in person.groups])
    inside = say(", in {groups}", groups=groups) if groups else ()
    who = say("You are {name} ({id}){inside}.", name=Word(person.name), id=Word(person.id), inside=inside)
    if record.locked_out:
        what = say("All that you answer with was called lost: {at}. {next}", at=Time(record.lost_at), next=say(TICKET))
        return [who, what, *awaited(record)]
    enrolled = [line for kind in KINDS for line in _enrolled(record, kind)]
    return [who, *enrolled, *awaited(record), *_waits(record, now)]


def awaited(record: PersonRecord) -> list[Parts]:
    """One line for each authenticator that counts for nothing yet."""
    text = "{what}: waits for a second administrator until {until}; it counts for nothing yet."
    mine = [one for one in record.authenticators if one.waits]
    return [say(text, what=_named(one), until=Time(one.waits_until)) for one in mine]


def to_confirm(found: Sequence[Awaited], roster: Roster) -> list[Parts]:
    """For `/mfa pending` and `pending`: what a second administrator has to confirm; what there is no room for is
    counted.
    """
    text = "{what} ({id}) of {who}, invited by {by}, waits for a second administrator until {until}: {command}"
    lines = [
        say(
            text,
            what=_named(one.authenticator),
            id=Word(one.authenticator.id),
            who=people.person(roster, one.person),
            by=doer(roster, one.authenticator.by),
            until=Time(one.authenticator.waits_until),
            command=Word(f"/mfa confirm {one.person}"),
        )
        for one in found[:AWAITED]
    ]
    rest = len(found) - AWAITED
    return [*lines, say("{n} more: jenkins-mfa authenticators list", n=rest)] if rest > 0 else lines


def _enrolled(record: PersonRecord, kind: str) -> list[Parts]:
    """One line for each authenticator of a kind that is in use."""
    mine = [one for one in record.authenticators if one.usable and one.kind.value == kind]
    if not mine:
        return [say(f"{KINDS[kind].capitalize()}: none.")]
    return [since(one) for one in mine]


def since(one: Authenticator) -> Parts:
    """What it is, the name that its person gave it, since when it is there and when it was used."""
    used = say("last used {at}", at=Time(one.last_used)) if one.last_used else say("never used")
    return say("{what}: since {since}, {used}.", what=_named(one), since=Time(one.since), used=used)


def _named(one: Authenticator) -> Parts:
    """What it is, with the name that its person gave it."""
    label = say(" {label}", label=Fact(one.label)) if one.label else ()
    return say(f"{KINDS[one.kind.value].capitalize()}{{label}}", label=label)


def _waits(record: PersonRecord, now: int) -> list[Parts]:
    """What keeps their codes from being taken."""
    if record.failures >= challenge.DISABLED_AT:
        return [say("Your codes are switched off after {n} misses.", n=record.failures)]
    if record.wait_until > now:
        return [
            say("Too many codes did not match: they are taken again at {at}.", at=Time(record.wait_until, clock=True))
        ]
    return []


def damaged() -> Parts:
    """What is stored of somebody cannot be used."""
    return say("What is stored of your authenticators is not what jenkins-mfa wrote, so none counts. Ask ops.")


def lost(gates: int) -> Parts:
    """To somebody who said that what they answer with is lost."""
    first = say("Suspended: all that you answer with. From now on nothing of yours counts, not even a tap.")
    took = say("Your confirmations on {n} builds that wait do not count any more.", n=gates) if gates > 1 else ()
    if gates == 1:
        took = say("Your confirmation on a build that waits does not count any more.")
    return sentences([first, took, say(TICKET)])
