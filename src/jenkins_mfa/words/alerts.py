"""What ops must read, and what is said once in a message's thread."""

from __future__ import annotations

from dataclasses import replace

from jenkins_mfa.core import moments
from jenkins_mfa.core.model import APPROVERS, Alert, Gate, Starter, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import (
    acts,
    asking,
    codes,
    commands,
    delivery,
    denials,
    digest,
    endings,
    enrolment,
    glass,
    holding,
    incidents,
    missing,
    people,
    receipts,
    render,
    rollback,
    state,
)
from jenkins_mfa.words.parts import Channel, Everyone, Fact, Parts, Time, Word, duration, join, listing, say, sentences

STARTERS = 3  #: of a build that are named
NAMED = 40  #: characters of what somebody else has named


def alert(given: Alert, gate: Gate | None, roster: Roster) -> list[Parts]:
    """An alert as lines: what happened, to which build, what to do."""
    if given.code == "digest":
        return digest.lines(given.values, roster)
    what = _what(given, gate, roster)
    if gate is None:
        return [what]
    # These two begin with the state.
    stands = () if given.code in {"bypassed", "token_stolen"} else say(f"{state.word(gate)}.")
    about = [say("Build: {build}.", build=people.build(gate.run)), stands, say(f"More: /mfa show {state.short(gate)}")]
    return [what, sentences(about), *_called(given, gate, roster)]


def short(given: Alert, gate: Gate | None) -> list[Parts]:
    """An alert that no message takes whole: its name, and where all of it is. Ops read that rather than nothing."""
    code = Fact(given.code)
    if gate is None:
        return [
            say("Alert {code}: too long for one message. The agent's log and jenkins-mfa check have it.", code=code)
        ]
    what = say("Alert {code}: too long for one message. More: /mfa show {id}", code=code, id=Word(state.short(gate)))
    return [what, say("Build: {build}.", build=people.build(gate.run))]


def _called(given: Alert, gate: Gate, roster: Roster) -> list[Parts]:
    """Whom the copy for approvers calls: those who were asked."""
    if not given.to.startswith(APPROVERS) or gate.requirement is None:
        return []
    asked = [people.person(roster, person, mention=True) for person in gate.requirement.people]
    return [say("Asked: {asked}", asked=listing(asked, people.MOST, "", "people"))] if asked else []


def _what(given: Alert, gate: Gate | None, roster: Roster) -> Parts:
    if given.code in incidents.TEXTS:
        return incidents.text(given.code, given.values)
    known = _of_gate(given, gate, roster) or _of_receipts_and_store(given) or _of_people(given, roster)
    if known:
        return known
    if gate is not None and gate.denial is not None and gate.denial.person is None:
        word = "Not asked, denied" if denials.at_opening(gate.denial) else "Denied"
        denied = say(f"{word} by jenkins-mfa: {{why}}.", why=denials.why(gate.denial, roster))
        return sentences([denied, _started(gate, roster)])
    return say("{code}", code=Fact(given.code))


def _started(gate: Gate, roster: Roster) -> Parts:
    """Who started the build: whom ops ask first. Nothing where the source did not tell."""
    named = sorted(gate.facts.starters, key=lambda start: start.subject is None)  # people before jobs
    found = [people.starter(_cut(start), roster) for start in named]
    more = "cause" if len(found) == STARTERS + 1 else "causes"
    return say("Started by {who}.", who=listing(found, STARTERS, "and", more)) if found else ()


def _cut(start: Starter) -> Starter:
    """Whoever names jobs and accounts must not make the alert too long. Of a job's path the end tells most."""
    subject, via = start.subject, start.via
    if subject and len(subject) > NAMED:
        subject = f"{subject[:NAMED]}…"
    return replace(start, subject=subject, via=via if len(via) <= NAMED else f"…{via[-NAMED:]}")


def _of_gate(given: Alert, gate: Gate | None, roster: Roster) -> Parts:
    """About a gate, or a build that should have had one; empty for another alert."""
    values = given.values
    match given.code:
        case "bypassed" if gate is not None and gate.ending is not None:
            return sentences([say("Bypassed:"), *endings.ending(gate)])
        case "token_stolen" if gate is not None and gate.ending is not None:
            return sentences([say("{here} Bypassed, token stolen:", here=Everyone()), *endings.ending(gate)])
        case "ended_unclear" if gate is not None and gate.ending is not None:
            return sentences([say("Ended without a confirmation."), *endings.ending(gate)])
        case "aborted_by_other" if gate is not None and gate.ending is not None:
            said = "{by}, who had not started it, stopped the build in Jenkins while its gate waited."
            return say(said, by=Fact(gate.ending.by))
        case "nobody_can" if gate is not None:
            return _nobody(gate, values.get("people", ""), roster)
        case "broke_glass" if gate is not None:
            return glass.alert(gate, roster)
        case "key_ended" if gate is not None and gate.denial is None:
            return say("Approved, but the key of its receipt was taken out of use or has ended. Nothing is sent.")
        case "unreviewed":
            return glass.unreviewed(gate)
        case "reported":
            return _reported(gate, roster)
        case "undelivered":
            return delivery.why_not(values.get("reason", ""))
        case "gate_missing" | "runs_unseen" | "unwatched":
            return missing.alert(given.code, values, roster)
        case "proceeded_again":
            who = Fact(values["by"]) if values.get("by") else say("somebody")
            return say("After the build had gone on, {who} pressed Proceed in Jenkins once more.", who=who)
    return ()


def _nobody(gate: Gate, lacking: str, roster: Roster) -> Parts:
    """Those who were asked cannot answer together."""
    who = commands.nobody(gate, lacking.split(","), roster)
    return say("Asked, but {who}. Enrol them, or the build is aborted when its time ends.", who=who)


def _of_receipts_and_store(given: Alert) -> Parts:
    """About a receipt that somebody presents, or a store that has forgotten something; empty for another alert."""
    values = given.values
    match given.code:
        case "receipt_twice" | "receipt_elsewhere" | "receipt_unknown":
            return receipts.alert(given)
        case "rolled_back":
            return say(
                "{here} The store is not the one that is known: {problem}. Nothing is let go on; no approval counts.",
                here=Everyone(),
                problem=rollback.problem(values.get("problem", "")),
            )
        case "rollback_accepted":
            return say(
                "{by} has taken an older store for the true one: its trail ended with event {seq}, {lost} was known. "
                "Gates closed: {gates}. Builds that started before are not let go on.",
                by=Fact(values.get("by", "")),
                seq=int(values["seq"]),
                lost=int(values["lost"]),
                gates=int(values["gates"]),
            )
    return ()


def _of_people(given: Alert, roster: Roster) -> Parts:
    """About people and what they answer with; empty for another alert."""
    values = given.values
    match given.code:
        case "group_unread" | "group_read":
            return _group(given)
        case "enrolled" | "enrol_waits" | "revoked" | "suspended":
            return enrolment.alert(given, roster)
        case "enrol_asks":
            return enrolment.ASKS
        case "enrol_denied":
            return enrolment.denied(given, roster)
        case "locked" | "code_reused":
            return codes.alert(given, roster)
        case "unlocked":
            return acts.unlocked(values.get("person", ""), values.get("by", ""), roster, mine=bool(given.to))
        case "invited":
            return acts.invited(values.get("person", ""), values.get("by", ""), roster, mine=bool(given.to))
        case "number_missed":
            who = people.person(roster, values.get("person", ""))
            return say("{who} has typed 2 numbers that the build does not show. Ask whether it was them.", who=who)
        case "released":
            return holding.released(values.get("requester", ""), values.get("by", ""), roster)
    return ()


def _group(given: Alert) -> Parts:
    group, name = (Word(render.visible(given.values.get(key, ""), quoted=False)) for key in ("group", "name"))
    if given.code == "group_read":
        return say("Slack's user group {name} can be read again: it says who is in {group}.", name=name, group=group)
    return say(
        "Slack's user group {name} cannot be read: {problem}. What was known of {group} holds for 5 minutes; then "
        "nobody is in it, and gates that need it are refused. See jenkins-mfa check.",
        name=name,
        problem=Fact(given.values.get("problem", "")),
        group=group,
    )


def _reported(gate: Gate | None, roster: Roster) -> Parts:
    if gate is None or gate.denial is None or gate.denial.person is None:
        return say("Denied and reported.")
    who = people.person(roster, gate.denial.person)
    said = say("Denied and reported by {who}: {reason}.", who=who, reason=Fact(gate.denial.reason))
    return sentences([said, holding.reported(gate, roster)])


def minimal(gate: Gate) -> Parts:
    """All that is shown where the whole content was refused; it fits always."""
    return say(
        f"{state.word(gate)}. Slack does not show this build whole, so it cannot be approved here. "
        f"Ops are told: /mfa show {state.short(gate)}"
    )


def waits(gate: Gate, roster: Roster) -> Parts:
    """To the requesters, once: their build waits. Empty if nobody is named."""
    who = people.requesters(gate, roster, mention=True)
    if not who or gate.requirement is None:
        return ()
    return say(
        "{who}, your build {build} waits for {opens}. This thread tells how it ends.",
        who=join(who),
        build=people.build(gate.run),
        opens=people.opens(gate, roster),
    )


def nudges(gate: Gate, roster: Roster) -> dict[str, Parts]:
    """To the approvers, each once while the gate waits: that it does, who is asked too, that the glass was broken. By
    the name under which it is kept that it was said.
    """
    if gate.state is not State.PENDING or gate.requirement is None or gate.held:
        return {}
    answered = {one.person for one in gate.confirmations}
    found: dict[str, Parts] = {"glass": glass.asked(gate, roster)} if gate.broken else {}
    for number, more in enumerate(gate.requirement.tightened):
        new = sorted({person for clause in more.clauses for person in clause.people} - answered)
        called = listing([people.person(roster, person, mention=True) for person in new], people.MOST, "and", "people")
        found[f"tightened:{number}"] = sentences([*asking.added(more, roster, people.MOST), called])
    for one in moments.told(gate):
        who = [people.person(roster, person, mention=True) for person in one.people if person not in answered]
        shown = listing(who, people.MOST, "and", "people") or ((Channel(one.channel),) if one.channel else ())
        after = duration(one.after * 1000)
        found[f"escalated:{one.rule}"] = (
            say(f"Also asked now: {{who}} (rule {{rule}}, after {after}).", who=shown, rule=Word(one.rule))
            if shown
            else ()
        )
    if gate.released_at:
        found[f"released:{gate.released_at}"] = holding.asked_now(gate, roster)
    if gate.reminded_at:
        missing = {p for clause, n in people.places(gate.requirement, gate.confirmations) if n for p in clause.people}
        who = [people.person(roster, person, mention=True) for person in sorted(missing - answered)]
        found["reminded"] = say(
            "Still open: {opens}, until {until}. {who}",
            opens=people.opens(gate, roster),
            until=Time(gate.deadline),
            who=listing(who, people.MOST, "and", "people"),
        )
    return found


def ended(gate: Gate, roster: Roster) -> Parts:
    """To the requesters, once: how it ended. Empty if nobody is named."""
    who = people.requesters(gate, roster, mention=True)
    lines = state.lines(gate, roster, 0, people.MOST)
    if not who or not lines:
        return ()
    found = say("{who}: {line}", who=join(who), line=lines[0].shown)
    if gate.state is State.ABORTED and gate.denial is not None and gate.denial.person is not None:
        again = say("A new build asks again. Talk to {by} first.", by=people.person(roster, gate.denial.person))
        return sentences([found, again])
    return found
