"""What a gate asks for, and why: how many of whom with what, by which rule, for which environment."""

from __future__ import annotations

from jenkins_mfa.core.model import Clause, Gate, Requirement, Tightening
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import calendar, people
from jenkins_mfa.words.parts import Claim, Line, Parts, Time, Word, join, listing, say, sentences


def needs(gate: Gate, requirement: Requirement, roster: Roster, most: int) -> list[Line]:
    """What is missing. One clause is a sentence of its own; several are a line each."""
    given = gate.confirmations
    who = listing([people.confirmed(roster, one) for one in given], most, "", "people")
    found: list[Line] = []
    places = people.places(requirement, given)
    if len(places) == 1:
        need = _need(places[0][0], roster, most)
        shown = say("{need}. So far {n}.", need=need, n=len(given)) if given else say("{need}.", need=need)
        spoken = say("{need}; so far {n}: {who}.", need=need, n=len(given), who=who) if given else shown
        found.append(Line(shown, spoken))
    else:
        found += [_clause(clause, n, gate, roster, most) for clause, n in places]
    if given:
        times = [say("{who}, {at}", who=people.confirmed(roster, one), at=Time(one.at)) for one in given[:most]]
        rest = len(given) - len(times)
        if rest:
            times.append(say(f"{{n}} {'more ' if times else ''}{'person' if rest == 1 else 'people'}", n=rest))
        several = say("So far {n}: {who}.", n=len(given), who=who) if len(places) > 1 else ()
        found.append(Line(say("Confirmed: {times}", times=join(times, "; ")), several))
    return found


def _need(clause: Clause, roster: Roster, most: int) -> Parts:
    """As in "Needs 2 of release, each with a code", "Needs Alice Wu, Bob Ray or Carol Diaz with a code"."""
    gives = people.GIVES[clause.factor]
    if clause.count == 1 and len(clause.people) <= min(3, most):
        return say(f"Needs {{who}} with {gives}", who=people.names(roster, clause.people, last="or"))
    group = people.group(clause, roster, most)
    each = f"each with {gives}" if clause.count > 1 else f"with {gives}"
    return say(f"Needs {{n}} of {{group}}{',' if clause.count > 1 else ''} {each}", n=clause.count, group=group)


def _clause(clause: Clause, missing: int, gate: Gate, roster: Roster, most: int) -> Line:
    group = people.group(clause, roster, most)
    if clause.rule == people.STRANGER and missing:
        strangers = [one.subject for one in gate.facts.starters if one.subject and not one.person]
        if strangers:
            who = listing([people.unknown(one)[:1] for one in strangers], 1, "and", "accounts")
            return Line(say("One person more, since {who} is not in the roster.", who=who))
        return Line(say("One person more, since Jenkins does not tell who started this build."))
    if not missing:
        return Line(say("Done: {n} of {group}.", n=clause.count, group=group))
    return Line(say(f"Open: {{n}} of {{group}} with {people.GIVES[clause.factor]}.", n=missing, group=group))


def why(gate: Gate, requirement: Requirement, most: int) -> Parts:
    """Which rules ask, and which environment they saw."""
    rules: list[Parts] = [(Word(rule),) for rule in requirement.rules]
    declined = [node.values["rule"] for node in requirement.reasons.children if node.values.get("effect") == "declined"]
    short = min(most, people.MOST - 1) if requirement.tightened else most  # what came on top has told its freeze
    when = calendar.because(requirement.reasons.children, requirement.rules, short)
    named = say("rules {rules}", rules=listing(rules, most, "and", "rules"))
    if requirement.rules == ("default",) and declined:
        text = "the Jenkinsfile itself asks, so rule {rule} does not let it pass, and the default applies"
        named = say(text, rule=Word(declined[0]))
    elif requirement.rules == ("default",):
        named = say("no rule matches, so the default applies")
    elif len(rules) == 1:
        named = say("rule {rule}", rule=rules[0])
    because = say(" ({when})", when=when) if when else ()
    return sentences([say("Why: {named}{because}.", named=named, because=because), environment(gate)])


def passed(requirement: Requirement) -> Parts:
    """What lets a gate pass without anybody: rules, exemptions, or the default."""
    if requirement.rules == ("default",):
        return say("no rule matches, so the default applies")
    exemptions = {node.values.get("exemption") for node in requirement.reasons.children}
    found = [
        say(f"{'exemption' if one in exemptions else 'rule'} {{one}}", one=Word(one)) for one in requirement.passes_by
    ]
    return join(found, last=" and ")


def added(more: Tightening, roster: Roster, most: int) -> list[Parts]:
    """What came on top since the gate opened, when, by which rule, and by which freeze if one has begun."""

    def when(rule: str) -> Parts:
        said = calendar.because(more.reasons, (rule,), most)
        return say(" ({when})", when=said) if said else ()

    return [
        say(
            f"Since {{at}} rule {{rule}}{{when}} asks, too: {{n}} of {{group}} with {people.GIVES[clause.factor]}.",
            when=when(clause.rule),
            at=Time(more.at, clock=True),
            rule=Word(clause.rule),
            n=clause.count,
            group=people.group(clause, roster, most),
        )
        for clause in more.clauses
        if clause.rule != people.STRANGER
    ]


def since(requirement: Requirement, roster: Roster, most: int) -> list[Line]:
    """All that came on top, the newest `most` a line each; the others are counted, as their clauses stand above."""
    told = [said for more in requirement.tightened for said in added(more, roster, most)]
    rest = max(len(told) - most, 0)
    first = [Line(say("Since it opened, {n} more clauses came on top.", n=rest), ())] if rest else []
    return [*first, *(Line(said, ()) for said in told[rest:])]


def standing_in(gate: Gate, requirement: Requirement, roster: Roster) -> list[Line]:
    """Who may answer only since somebody that a rule names is away."""
    found: dict[str, set[str]] = {}
    for clause in requirement.clauses:
        for person in clause.people:
            absent = roster.stands_in(person, clause.approvers, gate.opened_at)
            if absent:
                found.setdefault(person, set()).update(absent)
    return [
        Line(
            say(
                "{who} stands in for {absent}.",
                who=people.person(roster, person),
                absent=people.names(roster, sorted(absent)),
            )
        )
        for person, absent in sorted(found.items())
    ]


def environment(gate: Gate) -> Parts:
    """The environment by the policy, and what the pipeline says instead."""
    declared = gate.requirement.environments if gate.requirement else ()
    if not declared:
        return ()
    names = listing([(Word(name),) for name in declared], 3, "and", "environments")
    if gate.claims is not None and gate.claims.environment not in (*declared, ""):
        return say(
            "The Jenkinsfile says {claim}; the policy says {names}. The rules of both apply.",
            claim=Claim(gate.claims.environment),
            names=names,
        )
    return say("Environment by the policy: {names}.", names=names)
