"""What a gate needs: `evaluate(policy, facts, claims) -> Requirement`, with its tree of reasons. Pure, no clock.

Every rule that matches contributes its clauses, and all clauses must be met. Rules that match on facts decide; what the
pipeline claims can only add to that. So the default applies, or the gate is refused, whenever no rule matches on facts
alone, whatever the pipeline says about itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Claims, Clause, Escalation, Factor, Facts, History, Reason, Requirement
from jenkins_mfa.core.policy.explanation import explain
from jenkins_mfa.core.policy.looks import by_facts, with_claims
from jenkins_mfa.core.policy.people import Roster
from jenkins_mfa.core.policy.rules import ALWAYS, Policy, Rule
from jenkins_mfa.core.policy.scene import Scene
from jenkins_mfa.core.policy.vocabulary import strangers

#: Clauses that no rule names: somebody behind the run is unknown, the pipeline asks for more people.
UNKNOWN, BY_PIPELINE = "unknown requester", "asked by the pipeline"

#: What became of a rule: `declined` would let pass, but the pipeline asks; `overruled` gives way to one that lets pass;
#: `ready` is for break-glass, and `replaced` is what break-glass has taken away.
Effect = Literal["applies", "observes", "passes", "declined", "overruled", "exempted", "ready", "replaced", "no"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule and what became of it; `on` says whether facts alone made it match, or only a claim.

    Only what is `certain`, a yes by facts, stands in for the default.
    """

    rule: Rule
    effect: Effect
    on: Literal["fact", "claim"] = "fact"
    exemption: str = ""
    certain: bool = True


def evaluate(policy: Policy, roster: Roster, facts: Facts, claims: Claims, history: History) -> Requirement:
    """The clauses of all rules that match, tightened by what the pipeline asks for.

    Total: whatever the arguments, a Requirement comes back; one that nobody can satisfy carries its `refusal`.
    """
    seen = by_facts(policy, roster, facts, history)
    verdicts = _verdicts(policy, seen, claims)
    return _require(policy, seen, claims, verdicts, "")


def break_glass(policy: Policy, roster: Roster, facts: Facts, claims: Claims, history: History) -> Requirement | None:
    """What stands for the normal rules once somebody breaks the glass; None where the policy has no rule for it here.

    Rules marked `always` hold on.
    """
    seen = by_facts(policy, roster, facts, history)
    said = with_claims(policy, seen, claims)
    broken = [verdict.rule for verdict in _glass(policy, seen) if verdict.effect == "ready"]
    if not broken:
        return None
    kept = [_match(rule, seen, said) for rule in policy.rules if rule.always and not rule.break_glass]
    instead = [Verdict(rule, "applies") for rule in broken]
    review_by = tuple(dict.fromkeys(name for rule in broken for name in rule.review_by))
    found = _require(policy, seen, claims, [*instead, *kept], min(rule.name for rule in broken))
    return replace(found, review_by=review_by)


def reasons(
    policy: Policy, roster: Roster, facts: Facts, claims: Claims, history: History, *, broken: bool = False
) -> Reason:
    """The whole tree: every rule, whether it applied, and each of its questions with what was seen.

    `broken` says that the glass of this gate was broken: its rules stand for all that are not marked `always`.
    """
    seen = by_facts(policy, roster, facts, history)
    normal, glass = _verdicts(policy, seen, claims), _glass(policy, seen)
    if broken:
        glass = [replace(v, effect="applies") if v.effect == "ready" else v for v in glass]
        normal = [v if v.effect == "no" or v.rule.always else replace(v, effect="replaced") for v in normal]
    return _tree(policy, seen, claims, [*normal, *glass], whole=True)


def _glass(policy: Policy, seen: Scene) -> list[Verdict]:
    """The break-glass rules; those that match for certain, by facts alone, are ready."""
    return [
        Verdict(rule, "ready" if not rule.observe and rule.when.look(seen) is True else "no")
        for rule in policy.rules
        if rule.break_glass
    ]


def _verdicts(policy: Policy, seen: Scene, claims: Claims) -> list[Verdict]:
    """What becomes of each rule, and of the default. A pipeline that asks for people is not let pass without any."""
    said = with_claims(policy, seen, claims)
    asks = claims.factor is not None or claims.quorum is not None
    found = [_match(rule, seen, said) for rule in policy.rules if not rule.break_glass]
    if asks:
        found = [replace(v, effect="declined") if v.effect == "passes" else v for v in found]
    if not any(v.certain and v.effect in {"applies", "passes"} for v in found):
        if policy.default is None:
            return [replace(v, effect="no") for v in found]
        if not policy.default.passes:
            found.append(Verdict(policy.default, "applies"))
        elif not (asks or any(v.effect == "applies" for v in found)):
            found.append(Verdict(policy.default, "passes"))
    return found if asks else _loosened(policy, seen, claims, found)


def _match(rule: Rule, seen: Scene, said: Scene) -> Verdict:
    """A rule that tightens applies unless facts or claims say no; one that lets pass, only if both say yes."""
    by_fact = rule.when.look(seen)
    if rule.passes:
        lets = by_fact is True and not rule.observe and rule.when.look(said) is True
        return Verdict(rule, "passes" if lets else "no")
    effect: Effect = "observes" if rule.observe else "applies"
    if by_fact is True or (by_fact is None and not rule.on_claims):
        return Verdict(rule, effect, certain=by_fact is True)
    if rule.when.look(said) is False:
        return Verdict(rule, "no", "fact" if by_fact is False else "claim")
    return Verdict(rule, effect, "claim", certain=False)


def _differs(seen: Scene, claims: Claims) -> bool:
    """Whether the pipeline claims another environment than those that the policy declares for it."""
    return bool(seen.environments) and claims.environment not in (*seen.environments, "")


def _loosened(policy: Policy, seen: Scene, claims: Claims, found: list[Verdict]) -> list[Verdict]:
    """Rules that let pass, and exemptions, take the clauses of those that are not marked `always`.

    What a claim of an environment that is not the job's adds stays: the receipt names it, and jobs are easily named.
    """
    passing = any(v.effect == "passes" for v in found)
    elsewhere = claims.environment not in (*seen.environments, "")
    exemptions = [e for e in policy.exemptions if seen.history.at < e.until and e.when.look(seen) is True]

    def one(verdict: Verdict) -> Verdict:
        if verdict.effect != "applies" or verdict.rule.always:
            return verdict
        exempt = min((e.name for e in exemptions if e.rules.match(verdict.rule.name)), default="")
        if exempt:
            return replace(verdict, effect="exempted", exemption=exempt)
        return (
            replace(verdict, effect="overruled") if passing and not (elsewhere and verdict.on == "claim") else verdict
        )

    return [one(verdict) for verdict in found]


def _require(policy: Policy, seen: Scene, claims: Claims, verdicts: list[Verdict], broken: str) -> Requirement:
    """The requirement that follows from the verdicts."""
    applied = [v.rule for v in verdicts if v.effect == "applies"]
    clauses = tuple(clause for rule in applied for clause in _clauses(rule, seen))
    by_facts = {v.rule.name for v in verdicts if v.on == "fact"}
    clauses = _ask(_stricter(clauses, by_facts, policy, seen), claims)
    loosened = [v.exemption or v.rule.name for v in verdicts if v.effect in {"passes", "exempted"}]
    told = applied or [v.rule for v in verdicts if v.effect in {"passes", "exempted"}]
    asked = [claims.ttl] if claims.ttl else []
    requirement = Requirement(
        clauses=clauses,
        ttl=min([policy.max_ttl, *(rule.ttl for rule in told), *asked]),
        channels=tuple(sorted({rule.channel for rule in told})),
        rules=tuple(rule.name for rule in told),
        policy_sha256=policy.sha256,
        environments=seen.environments,
        tags=tuple(sorted(seen.tags)),
        reasons=_tree(policy, seen, claims, verdicts, whole=False),
        passes_by=() if clauses or applied else tuple(dict.fromkeys(loosened)),
        observed=tuple(c for v in verdicts if v.effect == "observes" for c in _clauses(v.rule, seen)),
        remind_after=min((rule.remind_after for rule in applied if rule.remind_after), default=0),
        escalations=tuple(_escalation(rule, seen) for rule in applied if rule.escalate_after),
        supersede=any(rule.supersede for rule in applied),
        break_glass=broken,
    )
    return replace(requirement, refusal=_refusal(requirement, policy, seen, applied))


def _people(rule: Rule, approvers: tuple[str, ...], seen: Scene) -> tuple[str, ...]:
    """Who may answer; whoever is behind the run may not, unless the rule says so (S9)."""
    key = (approvers, rule.requesters_may_approve, rule.authors_may_approve)
    if key not in seen.memo:
        barred = set() if rule.requesters_may_approve else {s.person for s in seen.facts.starters if s.person}
        if not rule.authors_may_approve:
            barred |= {author.person for author in seen.facts.authors if author.person}
        seen.memo[key] = tuple(sorted(seen.roster.named(approvers, seen.history.at) - barred))
    people: tuple[str, ...] = seen.memo[key]
    return people


def _clauses(rule: Rule, seen: Scene) -> list[Clause]:
    return [Clause(rule.name, d.factor, d.count, _people(rule, d.approvers, seen), d.approvers) for d in rule.require]


def _escalation(rule: Rule, seen: Scene) -> Escalation:
    people = _people(rule, rule.escalate_to, seen)
    return Escalation(rule.name, rule.escalate_after, people, rule.escalate_to, rule.escalate_channel)


def _everyone(clauses: tuple[Clause, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All who may answer any of the clauses, and the names by which the rules call them."""
    people = {person for clause in clauses for person in clause.people}
    return tuple(sorted(people)), tuple(dict.fromkeys(a for clause in clauses for a in clause.approvers))


def _stricter(clauses: tuple[Clause, ...], by_facts: set[str], policy: Policy, seen: Scene) -> tuple[Clause, ...]:
    """Somebody behind the run is not in the roster, so they could be an approver in disguise: one person more.

    It is one of those whom the rules ask that match by facts, or a claim could choose who else may be that one.
    """
    if not clauses or policy.strangers != "one-more" or not strangers(seen):
        return clauses
    strongest = max((clause.factor for clause in clauses), key=lambda f: f.strength)
    known = tuple(clause for clause in clauses if clause.rule in by_facts)
    return (*clauses, Clause(UNKNOWN, strongest, 1, *_everyone(known or clauses)))


def _ask(clauses: tuple[Clause, ...], claims: Claims) -> tuple[Clause, ...]:
    """What the pipeline asks for on top: a stronger factor everywhere, more people out of all who may answer."""
    if claims.factor is not None:
        asked = claims.factor
        clauses = tuple(replace(c, factor=max(c.factor, asked, key=lambda f: f.strength)) for c in clauses)
    missing = (claims.quorum or 0) - sum(clause.count for clause in clauses)
    if not clauses or missing <= 0:
        return clauses
    factor = claims.factor or min((clause.factor for clause in clauses), key=lambda f: f.strength)
    return (*clauses, Clause(BY_PIPELINE, factor, missing, *_everyone(clauses)))


def _refusal(requirement: Requirement, policy: Policy, seen: Scene, applied: list[Rule]) -> Reason | None:
    """Why no answer can ever satisfy the requirement, if so. Empty means no (traps: "approvals = 0")."""
    if policy.strangers == "deny" and strangers(seen):
        return Reason("stranger", {"who": ", ".join(strangers(seen))}, holds=False)
    if seen.facts.plain and any(rule.assurance == "verified" for rule in applied):
        return Reason("assurance", holds=False)
    if seen.facts.plain and any(clause.factor is Factor.PUSH_NUMBER for clause in requirement.clauses):
        return Reason("no_number", holds=False)
    if requirement.passes_by:
        return None
    if requirement.total < 1:
        return Reason("nobody_named" if policy.default else "no_rule", holds=False)
    return unfillable(requirement, policy.available)


def unfillable(requirement: Requirement, available: tuple[Factor, ...]) -> Reason | None:
    """Why the people named cannot fill the clauses with the factors that there are; None where they can."""
    if all(factor.strength < requirement.factor.strength for factor in available):
        return Reason("factor_unavailable", {"factor": requirement.factor.value}, holds=False)
    if not quorum.satisfiable(requirement.clauses, available):
        return Reason("too_few_people", {"needed": str(requirement.total)}, holds=False)
    return None


def _tree(policy: Policy, seen: Scene, claims: Claims, verdicts: list[Verdict], *, whole: bool) -> Reason:
    """The explanation that people, the trail and tests see. Rules that do not match stand only in the `whole` one."""
    said = with_claims(policy, seen, claims)
    nodes = [_node(v, seen, said) for v in verdicts if whole or v.effect != "no"]
    if _differs(seen, claims):
        values = {"claimed": claims.environment, "declared": ", ".join(seen.environments)}
        nodes.append(Reason("environment_differs", values))
    return Reason("requirement", children=tuple(nodes), holds=any(v.effect != "no" for v in verdicts))


def _node(verdict: Verdict, seen: Scene, said: Scene) -> Reason:
    rule = verdict.rule
    values = {"rule": rule.name, "on": verdict.on, "effect": verdict.effect}
    if verdict.exemption:
        values["exemption"] = verdict.exemption
    why = explain(rule.when, seen if verdict.on == "fact" else said)
    return Reason("rule", values, holds=verdict.effect != "no", children=() if rule.when == ALWAYS else (why,))
