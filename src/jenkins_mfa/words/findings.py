"""What `policy check` says: each remark about a policy in a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.core.policy.analysis import Remark
from jenkins_mfa.words import people, render
from jenkins_mfa.words.parts import Parts, Word, join, listing, say

#: Code → what is said of it, and the mend; both may hold {subject} and the remark's values.
SAYINGS: dict[str, tuple[str, str]] = {
    "contradiction": (
        "rule {subject} can never match: {one} and {other} cannot both hold",
        "take one of them out, or put them into any = [...]",
    ),
    "claims_only": (
        "rule {subject} matches only if the Jenkinsfile says so: whoever writes the Jenkinsfile can leave it out",
        "ask about the job, its declared environment or what changed, where the rule must hold",
    ),
    "weaker_chosen": (
        "rule {subject} asks for less than [default], and whoever builds can have it match by {keys}",
        "ask about all (only_paths, only_triggers, only_requesters) or about the job, or for as much as [default]",
    ),
    "dodged": (
        "rule {subject} asks for more than [default], and whoever builds can have it not match by {keys}",
        "ask about the job or its declared environment, or let [default] ask for as much",
    ),
    "no_factor": (
        "rule {subject} asks for {factor}, which is not there yet: every gate that it matches is denied",
        "ask for totp",
    ),
    "too_few": (
        "rule {subject} needs {needed} different people, and fewer may confirm: every gate that it matches is denied",
        "name more people, or lower a count",
    ),
    "no_other": (
        "rule {subject} cannot be met in a build that {people} started, as nobody else may confirm it",
        "name one person more",
    ),
    "substitute_named": (
        "rule {subject} cannot be met without {people}, away until {until}: {other} stands in and is named already",
        "give them another substitute in the roster, or name one person more",
    ),
    "no_account": (
        "rules name {people}, who cannot be asked: no identity {subject}",
        "add it to the roster, or take them out of the rules",
    ),
    "no_second": (
        "{subject} is on, and there are fewer than two administrators: what one lets people enrol counts for nothing",
        "name another in administrators, or leave second_admin out",
    ),
    "empty_group": ("nobody is in group {subject}", "put somebody into it, or take it out of groups"),
    "unused_calendar": ("nothing asks about calendar {subject}", "use it with inside or outside, or take it out"),
    "two_environments": (
        "jobs such as {pattern} belong to environment {subject} and to {other}: the rules of both apply",
        "make the patterns narrower, unless that is meant",
    ),
    "ended": ("exemption {subject} has ended", "take it out"),
    "exemption_contradiction": ("exemption {subject} can never hold: its questions exclude one another", "take it out"),
    "exemption_idle": (
        "exemption {subject} does nothing: its rules are marked always, let pass themselves, or are on trial",
        "take it out, or name other rules",
    ),
    "passes": ("rule {subject} lets gates pass by themselves", ""),
    "weaker": ("rule {subject} asks for less than [default], in whose place it stands", ""),
    "requesters": ("rule {subject} lets people confirm what they started themselves", ""),
    "default_passes": ("gates that no rule matches pass by themselves", ""),
    "strangers": ("people who are not in the roster start builds at no cost", ""),
    "outside": ("whoever may edit Slack's user group {other} chooses who may approve as group {subject}", ""),
    "exempts": ("until {until}, exemption {subject} takes away {rules}: {reason}", ""),
}


def sentence(remark: Remark, roster: Roster) -> Parts:
    """What is so."""
    return _filled(SAYINGS[remark.code][0], remark, roster)


def mend(remark: Remark, roster: Roster) -> Parts:
    """What to do about a finding; nothing for what loosens on purpose."""
    return _filled(SAYINGS[remark.code][1], remark, roster)


def brief(remarks: list[Remark]) -> Parts:
    """All of them in a few words."""
    findings = [remark for remark in remarks if remark.kind == "finding"]
    loosening = len(remarks) - len(findings)
    told = say("1 thing loosens" if loosening == 1 else "{n} things loosen", n=loosening) if loosening else ()
    about = listing(
        [(Word(f"{one.subject} ({one.code.replace('_', ' ')})"),) for one in findings], 5, "and", "findings"
    )
    return join([part for part in (about, told) if part], between="; ") or say("nothing to remark")


def _filled(template: str, remark: Remark, roster: Roster) -> Parts:
    values = {"subject": remark.subject, **remark.values}
    slots = {name: _SHOWN.get(name, _ours)(value) for name, value in values.items()}
    return say(template, people=people.names(roster, remark.people, last="or"), **slots)


def _ours(text: str) -> Parts:
    return (Word(render.visible(text, quoted=False)),)


def _moment(text: str) -> Parts:
    return (Word(render.iso(int(text))[:16].replace("T", " ") + " UTC"),)


def _factor(text: str) -> Parts:
    return (Word(people.GIVES[Factor(text)]),)


_SHOWN: dict[str, Callable[[str], Parts]] = {"until": _moment, "factor": _factor}
