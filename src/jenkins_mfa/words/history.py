"""The trail in plain words: one sentence for each event, the same in Slack and in the terminal."""

from __future__ import annotations

from collections.abc import Callable

from jenkins_mfa.core import holds
from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.model import Entry, Factor
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import (
    acts,
    console,
    denials,
    endings,
    enrolment,
    holding,
    keys,
    missing,
    own,
    people,
    receipts,
    render,
    tickets,
)
from jenkins_mfa.words.parts import Fact, Parts, Word, say, sentences
from jenkins_mfa.words.refused import REFUSED


def sentence(entry: Entry, roster: Roster) -> Parts:
    """What happened. An event or a code of another version stays recognizable."""
    made = SENTENCES.get(entry.event)
    return made(entry, roster) if made else (Fact(entry.event),)


def about(entry: Entry) -> Parts:
    """Which gate of which build an event is about: "8f2c, “team one/deploy” #17"."""
    short = Word(render.visible(entry.gate.removeprefix("g_")[:4]))
    pipeline, _, rest = entry.run.removeprefix(f"{entry.source}:").rpartition(":")[0].rpartition(":")
    return say("{short}, {job} #{number}", short=short, job=Fact(pipeline), number=Word(render.visible(rest)))


def _plain(text: str) -> Callable[[Entry, Roster], Parts]:
    return lambda _entry, _roster: say(text)


def _who(entry: Entry, roster: Roster) -> Parts:
    return people.person(roster, entry.actor) if entry.actor in roster.people else (Fact(entry.actor),)


def _detail(entry: Entry, name: str) -> str:
    return str(entry.details.get(name, ""))


def _confirmed(entry: Entry, roster: Roster) -> Parts:
    known = {factor.value: gives for factor, gives in people.GIVES.items()}
    gives = known.get(_detail(entry, "factor"))
    return say(f"{{who}} confirmed with {gives}." if gives else "{who} confirmed.", who=_who(entry, roster))


def _approved(entry: Entry, _roster: Roster) -> Parts:
    if not _detail(entry, "rules"):
        return say("Approved: all confirmations are there.")
    return say("Passed by the policy, without a confirmation: {by}.", by=Word(_detail(entry, "rules")))


def _denied(entry: Entry, roster: Roster) -> Parts:
    reason = _detail(entry, "reason")
    if entry.actor == "agent":
        why = say(denials.DENIED[reason]) if reason in denials.DENIED else (Fact(reason),)
        return say("Denied by jenkins-mfa: {why}.", why=why)
    did = "denied and reported" if entry.details.get("report") else "denied"
    return say(f"{{who}} {did}: {{reason}}", who=_who(entry, roster), reason=Fact(reason))


def _tightened(entry: Entry, _roster: Roster) -> Parts:
    return say("More is asked since then, by {rules}.", rules=Word(_detail(entry, "rules") or "the policy"))


def _refused(entry: Entry, roster: Roster) -> Parts:
    reason = _detail(entry, "reason")
    if reason in REFUSED:
        act = _detail(entry, "act")
        word = f"Not done ({own.NAMES.get(act) or acts.name(act)})" if act else "Not counted"
        why = f": {keys.means(problem)}" if reason == "key_refused" and (problem := _detail(entry, "problem")) else ""
        return say(f"{word}: {{who}} {REFUSED[reason]}{{why}}.", who=_who(entry, roster), why=Word(why))
    return say("Not counted: {who}, {reason}.", who=_who(entry, roster), reason=Fact(reason))


def _resumed(entry: Entry, _roster: Roster) -> Parts:
    if _detail(entry, "reason") != "bypassed":
        return say("The build went on.")
    return say("After the build had gone on, {who} pressed Proceed once more.", who=_presser(entry))


def _withdrawn(entry: Entry, _roster: Roster) -> Parts:
    how = endings.how(_detail(entry, "reason"), _detail(entry, "by"))
    return say("The build ended in Jenkins before its answer: {how}.", how=how)


def _missing(entry: Entry, roster: Roster) -> Parts:
    build = say("Gate missing: {run}.", run=Fact(entry.run))
    return sentences([build, missing.told({name: str(value) for name, value in entry.details.items()}, roster)])


def _bypassed(entry: Entry, _roster: Roster) -> Parts:
    if _detail(entry, "reason") == "token_stolen":
        return say("Bypassed: Proceed was pressed with the agent's own Jenkins account, and not by the agent.")
    return say("Bypassed: {who} pressed Proceed in Jenkins.", who=_presser(entry))


def _presser(entry: Entry) -> Parts:
    return (Fact(_detail(entry, "by")),) if _detail(entry, "by") else say("somebody")


def _authenticator(template: str) -> Callable[[Entry, Roster], Parts]:
    def made(entry: Entry, roster: Roster) -> Parts:
        kind = _detail(entry, "kind")
        gives = people.GIVES[Factor(kind)] if kind in {one.value for one in Factor} else "an authenticator"
        person = people.person(roster, _detail(entry, "person") or entry.actor)
        failures = int(entry.details.get("failures", 0))
        return say(template.replace("GIVES", gives), person=person, by=_who(entry, roster), n=failures)

    return made


def _enrolled(entry: Entry, roster: Roster) -> Parts:
    """It counts, or waits for a second administrator."""
    counts = "{person} can answer with GIVES from now on, enrolled by {by}."
    waits = "{person} will answer with GIVES, enrolled by {by}, once a second administrator has confirmed it."
    return _authenticator(waits if _detail(entry, "state") == "waits" else counts)(entry, roster)


def _made(entry: Entry, roster: Roster) -> Parts:
    """An address that somebody gave out, or an enrolment that its person has opened with what they have."""
    own_proof = "{person} has proved with an authenticator of theirs that they may enrol another."
    given = "{by} made a one-time address for {person}, for USE."
    own = _detail(entry, "proof") and entry.actor == _detail(entry, "person")
    return _ticket(own_proof if own else given)(entry, roster)


def _ticket(template: str) -> Callable[[Entry, Roster], Parts]:
    def made(entry: Entry, roster: Roster) -> Parts:
        use = tickets.USES.get(_detail(entry, "use"), "a page")
        why = REFUSED.get(_detail(entry, "reason"), "cannot be used")
        why += f": {keys.means(problem)}" if (problem := _detail(entry, "problem")) else ""
        person = people.person(roster, _detail(entry, "person"))
        return say(template.replace("USE", use).replace("WHY", why), person=person, by=_who(entry, roster))

    return made


def _session(template: str) -> Callable[[Entry, Roster], Parts]:
    """Somebody signs in, or is not let in; with a key where nothing else is told."""

    def made(entry: Entry, roster: Roster) -> Parts:
        use = tickets.USES.get(_detail(entry, "use"), "the pages")
        how = console.WAYS.get(_detail(entry, "via"), console.WAYS["key"])
        return _ticket(template.replace("USE", use).replace("HOW", how))(entry, roster)

    return made


def _retracted(entry: Entry, roster: Roster) -> Parts:
    if entry.actor != "agent":
        return say("{who} took the confirmation back.", who=_who(entry, roster))
    named = _detail(entry, "people")
    whose = people.person(roster, named) if named in roster.people else (Fact(named or "people who left"),)
    return say("Does not count any more: the confirmation of {whose}.", whose=whose)


def _suspended(entry: Entry, roster: Roster) -> Parts:
    person, kind = people.person(roster, _detail(entry, "person")), enrolment.KINDS.get(_detail(entry, "kind"))
    what = say(f"A {kind} of {{person}}" if kind else "All that {person} answers with", person=person)
    why = enrolment.WHY.get(_detail(entry, "reason"), "")
    by = enrolment.doer(roster, entry.actor)
    return say(f"{{what}} was suspended by {{by}}{': ' + why if why else ''}.", what=what, by=by)


def _broke_glass(entry: Entry, roster: Roster) -> Parts:
    return say(
        "Break-glass by {who}, rules {rules}: {reason}",
        who=_who(entry, roster),
        rules=Fact(_detail(entry, "rules")),
        reason=Fact(_detail(entry, "reason")),
    )


def _held(entry: Entry, roster: Roster) -> Parts:
    of = people.person(roster, _detail(entry, "target"))
    if _detail(entry, "reason") == holds.MANY:
        return say("Held: as many builds of {of} were asked as may be at a time.", of=of)
    return say("Held: {of} was reported.", of=of)


def _flooded(entry: Entry, _roster: Roster) -> Parts:
    waiting = _detail(entry, "waiting")
    return holding.flooded(_detail(entry, "target"), int(waiting) if waiting.isdigit() else 0)


def _requester(template: str) -> Callable[[Entry, Roster], Parts]:
    return lambda entry, roster: say(
        template, person=people.person(roster, _detail(entry, "target")), by=_who(entry, roster)
    )


def _reviewed(entry: Entry, roster: Roster) -> Parts:
    who, note = _who(entry, roster), _detail(entry, "reason")
    if not note:
        return say("{who} reviewed the break-glass.", who=who)
    return say("{who} reviewed the break-glass: {note}", who=who, note=Fact(note))


def _presented(entry: Entry, _roster: Roster) -> Parts:
    return receipts.noted(entry)


def _parked(entry: Entry, _roster: Roster) -> Parts:
    lane, reason = Fact(_detail(entry, "lane")), Fact(_detail(entry, "reason"))
    return say("A delivery was given up: {lane}, since {reason}", lane=lane, reason=reason)


def _named(template: str, detail: str) -> Callable[[Entry, Roster], Parts]:
    return lambda entry, _roster: say(template, value=Fact(_detail(entry, detail)))


def _loaded(entry: Entry, _roster: Roster) -> Parts:
    loaded = say("The policy was loaded, SHA-256 {value}.", value=Fact(_detail(entry, "policy_sha256")))
    told = _detail(entry, "changes")
    return sentences([loaded, say("Changes: {told}.", told=Fact(told))]) if told else loaded


def _rollback(entry: Entry, _roster: Roster) -> Parts:
    lost = _detail(entry, "seq")
    said = "An older store was taken up by {by}: events of before, up to {lost}, are not in it. Open gates were closed."
    return say(said, by=Fact(entry.actor), lost=Word(lost if lost.isdigit() else "?"))


def _begun(entry: Entry, roster: Roster) -> Parts:
    return say("{who} began a test, behind which is no build.", who=_who(entry, roster))


def _members(entry: Entry, _roster: Roster) -> Parts:
    """Ids, not names: many of them may have left the roster."""
    came = "now in it" if _detail(entry, "kind") == "added" else "no longer in it"
    why = ", since Slack has not told who is" if _detail(entry, "reason") else ""
    named, people = Fact(_detail(entry, "named")), Fact(_detail(entry, "people"))
    return say(f"The members of group {{named}} changed; {came}{why}: {{people}}.", named=named, people=people)


#: Each event of the trail; a test holds them to be all.
SENTENCES: dict[str, Callable[[Entry, Roster], Parts]] = {
    Name.GATE_OPENED: _plain("Opened."),
    Name.GATE_CONFIRMED: _confirmed,
    Name.GATE_RETRACTED: _retracted,
    Name.GATE_TIGHTENED: _tightened,
    Name.GATE_DENIED: _denied,
    Name.GATE_APPROVED: _approved,
    Name.GATE_EXPIRED: _plain("Expired: the time ended."),
    Name.GATE_CLAIMED: _plain("The answer is on its way to Jenkins."),
    Name.GATE_RESUMED: _resumed,
    Name.GATE_ABORTED: _plain("Jenkins aborted the build."),
    Name.GATE_WITHDRAWN: _withdrawn,
    Name.GATE_BYPASSED: _bypassed,
    Name.GATE_REMINDED: _plain("Those who had not answered were reminded."),
    Name.GATE_ESCALATED: _named("Further people may answer from now on, by {value}.", "rules"),
    Name.GATE_REOPENED: _named("The input came back after its gate {value} had ended: a gate of its own.", "target"),
    Name.GATE_HELD: _held,
    Name.GATE_RELEASED: _plain("Asked from now on."),
    Name.GATE_BROKE_GLASS: _broke_glass,
    Name.GATE_REVIEWED: _reviewed,
    Name.GATE_MISSING: _missing,
    Name.GATE_FLOODED: _flooded,
    Name.REQUESTER_HELD: _requester("Further builds of {person} are held: {by} reported this one."),
    Name.REQUESTER_RELEASED: _requester("Builds of {person} are asked again: {by} released them."),
    Name.ANSWER_REFUSED: _refused,
    Name.AUTHENTICATOR_ENROLLED: _enrolled,
    Name.AUTHENTICATOR_CONFIRMED: _authenticator("{person} can answer with GIVES from now on, confirmed by {by}."),
    Name.AUTHENTICATOR_REVOKED: _authenticator("An authenticator of {person} was switched off by {by}."),
    Name.AUTHENTICATOR_SUSPENDED: _suspended,
    Name.AUTHENTICATOR_THROTTLED: _authenticator("{person} has to wait: {n} answers in a row did not match."),
    Name.AUTHENTICATOR_UNLOCKED: _authenticator("The codes of {person} count again: {by} lifted the lock."),
    Name.SESSION_BEGUN: _session("Signed in to USE HOW: {person}."),
    Name.SESSION_REFUSED: _session("Not let in to USE HOW: {person}, who WHY."),
    Name.TICKET_MADE: _made,
    Name.TICKET_USED: _ticket("The one-time address of {person} for USE was opened."),
    Name.TICKET_VOUCHED: _ticket("Said in Slack: it is {person} who enrols."),
    Name.TICKET_DENIED: _ticket("Said in Slack: it is not {person} who enrols; the address has ended."),
    Name.TICKET_REFUSED: _ticket("The one-time address of {person} for USE was not taken: somebody WHY."),
    Name.RECEIPT_REDEEMED: _presented,
    Name.RECEIPT_REFUSED: _presented,
    Name.DELIVERY_PARKED: _parked,
    Name.DELIVERY_RETRIED: _named("A delivery that was given up is tried again: {value}", "lane"),
    Name.DELIVERY_DROPPED: _named("A delivery that was given up was dropped: {value}", "lane"),
    Name.RECORD_DAMAGED: _named("The stored record {value} is not what was written; it was set aside.", "record"),
    Name.POLICY_LOADED: _loaded,
    Name.GROUP_CHANGED: _members,
    Name.SECRET_LOADED: _named("An agent took over what was changed on disk: {value}.", "target"),
    Name.KEY_CREATED: _named("Receipt key {value} is known to an agent.", "kid"),
    Name.KEY_REVOKED: _named("Receipt key {value} was revoked.", "kid"),
    Name.KEY_ROTATED: _named("Authenticators were sealed anew under key {value}.", "kid"),
    Name.AGENT_STARTED: _named("An agent of version {value} started.", "reason"),
    Name.AGENT_STOPPED: _named("An agent of version {value} stopped.", "reason"),
    Name.STORE_ROLLBACK: _rollback,
    Name.TEST_BEGUN: _begun,
}
