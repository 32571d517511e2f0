"""The tree of reasons in words: each rule, what became of it, and its questions with what was wanted and seen.

Names of rules, patterns and calendars come from the operator's files and stand as plain words, as do people of the
roster. Whatever was *seen* is foreign: a fact's chip, or a claim's where the pipeline said it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jenkins_mfa.core.calendars import Code
from jenkins_mfa.core.model import Reason
from jenkins_mfa.words import render
from jenkins_mfa.words.facts import chip
from jenkins_mfa.words.parts import Claim, Fact, Parts, Word, join, say, sentences
from jenkins_mfa.words.tree import Branch

CLAIM = 300  #: characters of a claim that are shown as they are; its values have 200 at most, their names 64

#: What became of a rule.
EFFECTS = {
    "applies": "Rule {rule} applies.",
    "observes": "Rule {rule} is on trial: it only notes what it would ask.",
    "passes": "Rule {rule} lets the gate pass by itself.",
    "declined": "Rule {rule} matches, and lets nothing pass: the Jenkinsfile itself asks for a factor or a quorum.",
    "overruled": "Rule {rule} matches, and gives way to a rule that lets the gate pass.",
    "exempted": "Rule {rule} matches, and asks nothing: exemption {exemption}.",
    "ready": "Rule {rule} is for break-glass: those whom it names may put it in the place of the others.",
    "replaced": "Rule {rule} matched, and was replaced when the glass was broken.",
}
NO = "Rule {rule} does not match."
#: A rule whose questions are not answered no, and which does nothing all the same.
IDLE = "Rule {rule} has no effect here."
BY_CLAIM = "Because of what the Jenkinsfile says, which nobody has checked."
UNKNOWN = "Not all that it asks is known, and that counts against the build."
EITHER = "Facts alone do not decide it. What is not known counts against the build."

#: Questions by the policy's own keys, where an explanation calls them otherwise: of one, of all.
KEYS = {
    "trigger": ("trigger", "only_triggers"),
    "requester": ("requesters", "only_requesters"),
    "commit_author": ("commit_authors", "only_commit_authors"),
    "changed_paths": ("changed_paths", "only_paths"),
    "first_run": ('first_run = "pipeline"', ""),
    "first_run_of_branch": ('first_run = "branch"', ""),
}
ANSWERS = {True: "Yes", False: "No", None: "Not known"}
COMBINED = {"all": "all of these", "any": "one of these at least", "not": "not this"}
CALENDAR: dict[Code, str] = {
    "in_hours": "it is within the hours",
    "opening": "it is within a one-off opening",
    "out_of_hours": "it is outside the hours",
    "weekday_off": "it is a weekday that is off",
    "holiday": "it is a holiday",
    "freeze": "it is within a freeze",
}
#: What is not known where a question has no answer, if that is something else than what is asked for.
UNSEEN = {"tags": "the changed paths, which may carry it, are not known"}
#: Questions to which the pipeline adds once claims may speak.
_MAY_BE_CLAIMED = frozenset({"environment", "tags"})


def branches(reasons: Reason) -> list[Branch]:
    """The whole tree as lines: first the rules that do something, then those that do not match."""
    rules = [node for node in reasons.children if node.code == "rule"]
    rest = [_other(node) for node in reasons.children if node.code != "rule"]
    found = [*rest, *(branch for node in sorted(rules, key=_order) for branch in _rule(node))]
    return found or [Branch(0, say("No rule that matches asks anybody."))]


def _order(node: Reason) -> int:
    return 0 if node.holds else 1


def _other(node: Reason) -> Branch:
    if node.code == "environment_differs":
        said = "The Jenkinsfile says environment {claim}; the policy says {declared}. The rules of both apply."
        claim = Claim(node.values.get("claimed", ""))
        return Branch(0, say(said, claim=claim, declared=_ours(node.values.get("declared", ""))))
    return Branch(0, (Fact(node.code),))


def _rule(node: Reason) -> Iterator[Branch]:
    effect, claimed = node.values.get("effect", ""), node.values.get("on") == "claim"
    why = node.children[0].holds if node.children else True
    template = EFFECTS.get(effect) or (NO if why is False else IDLE)
    slots = {name: _ours(node.values.get(name, "")) for name in ("rule", "exemption")}
    said = [say(template, **slots)]
    if effect in EFFECTS and claimed:
        said.append(say(EITHER if why is None else BY_CLAIM))
    elif effect in EFFECTS and why is None:
        said.append(say(UNKNOWN))
    elif slots["rule"] == _ours("default") and effect in EFFECTS:
        said.append(say("No rule matches on facts."))
    yield Branch(0, sentences(said))
    for child in node.children:
        yield from _question(child, 1, claimed=claimed)


def _question(node: Reason, depth: int, *, claimed: bool) -> Iterator[Branch]:
    answer = ANSWERS[node.holds]
    if node.code in COMBINED:
        yield Branch(depth, say(f"{answer}: {COMBINED[node.code]}:"))
        for child in node.children:
            yield from _question(child, depth + 1, claimed=claimed)
        return
    one, every = KEYS.get(node.code, (node.code, node.code))
    key = every if node.values.get("every") else one
    asked = say("{key}, wanted: {wanted}", key=_ours(key), wanted=_ours(node.values.get("wanted", "")))
    yield Branch(depth, say(f"{answer}: {{asked}}; {{seen}}.", asked=asked, seen=_seen(node, claimed=claimed)))


def _seen(node: Reason, *, claimed: bool) -> Parts:
    values = node.values
    if "seen" not in values:
        return say("facts alone decide, and this is the Jenkinsfile's word")
    if node.code in {"inside", "outside"}:
        return _moment(values)
    more = int(values["more"]) if values.get("more", "").isdigit() else 0
    rest = say(" and {n} more", n=more) if more else ()
    said = node.code.startswith("claims.") or node.code == "changed_variables"
    if not values["seen"]:
        return say("there is none") if node.holds is not None else say(UNSEEN.get(node.code, "nothing is known of it"))
    if said:
        return say("the Jenkinsfile says {claim}{rest}", claim=_claim(values["seen"]), rest=rest)
    if claimed and node.code in _MAY_BE_CLAIMED:
        return say("with what the Jenkinsfile says: {claim}{rest}", claim=_claim(values["seen"]), rest=rest)
    return say("seen: {fact}{rest}", fact=chip(values["seen"]), rest=rest)


def _moment(values: Mapping[str, str]) -> Parts:
    """What a calendar says; all of it is the operator's own."""
    code, _, told = values["seen"].partition(" ")
    known = {str(code): text for code, text in CALENDAR.items()}
    return join([say(known.get(code, "it is {code}"), code=_ours(code)), *([_ours(told)] if told else [])], " ")


def _claim(text: str) -> Parts:
    return (Claim(text),) if len(text) <= CLAIM else chip(text)


def _ours(text: str) -> Parts:
    """A text of the operator's files; a character that hides is written visibly there too."""
    return (Word(render.visible(text, quoted=False)),)
