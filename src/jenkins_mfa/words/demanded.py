"""What a policy asks for in one case, whole: every clause, who is told, what is on trial. For `policy explain`."""

from __future__ import annotations

from jenkins_mfa.core.model import Clause, Denial, Escalation, Requirement
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.words import denials, people
from jenkins_mfa.words.parts import Channel, Parts, Word, duration, join, say, sentences
from jenkins_mfa.words.tree import Branch


def branches(requirement: Requirement, roster: Roster, *, clauses: bool = True) -> list[Branch]:
    """The requirement as lines; without its clauses where those are told otherwise."""
    found = [Branch(0, one) for one in (_environments(requirement), _broken(requirement)) if one]
    if requirement.refusal is not None:
        denial = Denial(0, None, requirement.refusal.code, "", values=requirement.refusal.values)
        found.append(Branch(0, denials.system(denial, roster)))
    if requirement.passes_by:
        found.append(Branch(0, say("Passes by itself, without anybody: {by}.", by=_words(requirement.passes_by))))
    if requirement.clauses and clauses:
        several = len(requirement.clauses) > 1
        found.append(Branch(0, say("Needs all of these, each filled by other people:" if several else "Needs:")))
        found += [branch for one in requirement.clauses for branch in _clause(one, roster)]
    if requirement.clauses:
        found.append(Branch(0, _times(requirement)))
        found += [Branch(1, _escalation(one, roster)) for one in requirement.escalations]
    if requirement.observed:
        found.append(Branch(0, say("On trial, only noted:")))
        found += [branch for one in requirement.observed for branch in _clause(one, roster)]
    return found


def clause(one: Clause, roster: Roster) -> Parts:
    """As in "2 of release, each with a code"."""
    each = "each with" if one.count > 1 else "with"
    comma = "," if one.count > 1 else ""
    group = people.group(one, roster)
    return say(f"{{n}} of {{group}}{comma} {each} {people.GIVES[one.factor]}", n=one.count, group=group)


def by(one: Clause) -> Parts:
    """Where a clause comes from; those that no rule names say it themselves."""
    if one.rule == people.STRANGER:
        return say("since somebody behind the build is not in the roster")
    return say("asked by the Jenkinsfile") if " " in one.rule else say("rule {rule}", rule=Word(one.rule))


def _clause(one: Clause, roster: Roster) -> list[Branch]:
    who = people.names(roster, one.people) if one.people else say("nobody")
    return [
        Branch(1, say("{clause} ({by})", clause=clause(one, roster), by=by(one))),
        Branch(2, say("May answer: {who}.", who=who)),
    ]


def _environments(requirement: Requirement) -> Parts:
    if not requirement.environments and not requirement.tags:
        return ()
    names = say("Environment by the policy: {names}.", names=_words(requirement.environments))
    tags = say("Tags: {tags}.", tags=_words(requirement.tags))
    return sentences([names if requirement.environments else (), tags if requirement.tags else ()])


def _broken(requirement: Requirement) -> Parts:
    if not requirement.break_glass:
        return ()
    return say("The glass was broken: rule {rule} stands for the others.", rule=Word(requirement.break_glass))


def _times(requirement: Requirement) -> Parts:
    told = [say(f"Waits {duration(requirement.ttl * 1000)}.")]
    if requirement.remind_after:
        told.append(say(f"Reminds once after {duration(requirement.remind_after * 1000)}."))
    if requirement.supersede:
        told.append(say("Replaces an older gate that asks for the same."))
    asked = join([(Channel(one),) if one else say("the default channel") for one in requirement.channels])
    return sentences([*told, say("Asks in {asked}.", asked=asked) if asked else ()])


def _escalation(one: Escalation, roster: Roster) -> Parts:
    after = duration(one.after * 1000)
    who = say("{who} may answer too", who=people.names(roster, one.people)) if one.people else ()
    told = say("{channel} is told", channel=Channel(one.channel)) if one.channel else ()
    both = join([part for part in (who, told) if part], last=", and ")
    return say(f"After {after} {{both}} (rule {{rule}}).", both=both, rule=Word(one.rule))


def _words(names: tuple[str, ...]) -> Parts:
    return join([(Word(name),) for name in names])
