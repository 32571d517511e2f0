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

#: Why an answer was not counted: what its person did or is.
REFUSED = {
    "requester": "started the build",
    "requester_deny": "started the build",
    "author": "wrote a commit in the build",
    "not_eligible": "is not asked",
    "not_needed": "is not needed for what is open",
    "not_in_roster": "is not in the roster",
    "inactive_account": "has no account that may answer",
    "other_workspace": "is of another workspace",
    "confirmed_before": "had confirmed already",
    "needs_key": "was asked for a security key, and wanted to give a code",
    "not_confirmed": "wanted to take back a confirmation that was not there",
    "retracted": "sent an answer once more that had been taken back",
    "not_apart": "has just set up the other's authenticator, or they theirs",
    "code_malformed": "gave no code of 6 digits",
    "code_wrong": "gave a code that did not match",
    "code_used": "gave a code that was used already",
    "code_clock": "gave a code of another time",
    "number_malformed": "gave no number of 6 digits",
    "number_wrong": "gave a number that the build does not show",
    "no_number_tries": "had no tries left for the number of the build",
    "no_tries": "gave a code that did not match, and had no tries left",
    "challenge_over": "used a form that had ended",
    "throttled": "has to wait after answers that did not match",
    "disabled": "has codes that are switched off",
    "no_authenticator": "has no authenticator",
    "authenticator_waits": "has an authenticator that no second administrator has confirmed yet",
    "authenticator_damaged": "has an authenticator that cannot be used",
    "locked_out": "has called their authenticators lost",
    "held": "answered a build that is held",
    "deadline": "came too late",
    "seal_broken": "answered a gate that is not what was written",
    "rolled_back": "answered while the store was older than its checkpoints",
    "no_glass": "wanted break-glass, for which the policy has no rule here",
    "broken_before": "wanted break-glass once more",
    "not_glass": "wanted break-glass, and is not named for it",
    "glass_refused": "wanted break-glass, which could not be met",
    "glass_unshown": "wanted break-glass with a reason for which there was no room",
    "no_review": "reviewed what needs no review",
    "not_over": "reviewed what was not over",
    "took_part": "reviewed what was their own",
    "not_reviewer": "reviewed without being named for it",
    **acts.REFUSED,
    "reviews_damaged": "came while the list of reviews was not what was written",
    **keys.REFUSED,
    **own.REFUSED,
    **console.REFUSED,
    "ticket_unknown": "came with an address that jenkins-mfa did not make",
    "ticket_used": "came with an address that was used already",
    "ticket_over": "came with an address that had ended",
    "ticket_of_another": "answered a question that was for somebody else",
    "not_vouched": "went on before the person had said in Slack that it is them",
    "shown_before": "wanted to see a key once more",
    "not_shown": "typed a code before a key was shown",
    "label_unfit": "gave a key a name that cannot be shown",
    "enrolled_already": "has two code apps already",
    "keys_enough": "has five security keys already",
    "other_kind": "wanted to enrol another kind than the one that was opened",
    "key_taken": "brought a security key that is enrolled already",
} | dict.fromkeys(
    ("approved", "sending", "resumed", "denied", "aborted", "expired", "withdrawn", "bypassed"),
    "came when it was decided already",
)

#: Why the agent denied, without the values that the gate's own page has.
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
    "twin": "two inputs of the build have the same id, or the id belongs to another build",
    "sticky": "a person had denied this build before",
    "seal_broken": "what the store holds about it is not what was written",
    "rolled_back": "the store was put back from an older copy while the build ran",
    "superseded": "a newer build asks for the same",
    "test_stopped": "the test was stopped",
}


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
        why = say(DENIED[reason]) if reason in DENIED else (Fact(reason),)
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
