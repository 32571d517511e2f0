"""Every predicate against a second, slow reading of docs/policy.md: no is -1, not known is 0, yes is 1."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

import policy_strategies as some
from jenkins_mfa.core.model import Claims, Facts, History, Trigger
from jenkins_mfa.core.policy import Policy, Predicate, Roster
from jenkins_mfa.core.policy.explanation import explain
from jenkins_mfa.core.policy.looks import by_facts, with_claims
from jenkins_mfa.core.policy.predicates import All, Any, Flag, Not, Pair, People, Rate, Texts, Window

NO, OPEN, YES = -1, 0, 1
AGAIN = ("replay", "restart")
BY_HAND = ("person", "replay", "restart", "api", "unknown")


def hit(patterns: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def declared_tags(policy: Policy, facts: Facts, claims: Claims | None) -> tuple[set[str], bool]:
    """The tags that are certain, and whether others may come with paths that are not known."""
    tags: set[str] = set()
    for one in policy.environments:
        if hit(one.pipelines.patterns, facts.run.pipeline) or (claims and claims.environment == one.name):
            tags |= set(one.tags)
    for resource in policy.resources:
        if any(hit(resource.paths.patterns, path) for path in facts.paths or ()):
            tags |= set(resource.tags)
    if claims:
        every = {t for e in policy.environments for t in e.tags} | {t for r in policy.resources for t in r.tags}
        for item in dict(claims.details).get("resources", "").split(","):
            name = item.strip()
            tags |= {name} & every if name else set()
            for resource in policy.resources:
                tags |= set(resource.tags) if name and hit(resource.paths.patterns, name) else set()
    return tags, facts.paths is None


class Oracle:
    """One gate, asked slowly."""

    def __init__(self, policy: Policy, roster: Roster, facts: Facts, claims: Claims | None, history: History) -> None:
        self.policy, self.roster, self.facts, self.claims, self.history = policy, roster, facts, claims, history
        self.cause_known = bool(facts.starters) and all(s.trigger is not Trigger.UNKNOWN for s in facts.starters)

    def ask(self, one: Predicate) -> int:
        match one:
            case All(parts):
                return min(map(self.ask, parts), default=YES)
            case Any(parts):
                return max(map(self.ask, parts))
            case Not(part):
                return -self.ask(part)
            case Texts(key, globs, every):
                return self.texts(key, globs.patterns, every)
            case People(key, approvers, every):
                return self.people(key, approvers, every)
            case Pair(key, name, globs):
                return self.pair(key, name, globs.patterns)
            case Flag(key, wanted):
                return self.flag(key) * (1 if wanted else -1)
            case Rate(more_than, within):
                ago = [self.history.at - at for at in self.history.earlier]
                return YES if len([1 for ms in ago if 0 <= ms < within * 1000]) + 1 > more_than else NO
            case Window(calendar, inside):
                return YES if self.open(calendar.name) is inside else NO

    def open(self, name: str) -> bool:
        """The three calendars of the strategies, by hand."""
        if name != "office":
            return name == "night"
        local = datetime.fromtimestamp(self.history.at / 1000, UTC).astimezone(ZoneInfo("Europe/Berlin"))
        return local.weekday() < 5 and 9 <= local.hour < 17

    def texts(self, key: str, patterns: tuple[str, ...], every: bool) -> int:
        facts, claims = self.facts, self.claims
        asks_claim = key.startswith("claims.") or key == "changed_variables"
        if asks_claim and claims is None:
            return OPEN
        if key == "tags":
            return self.tags(patterns)
        changed = [c for c in self.history.changes if key == f"changed_{c.kind}s"]
        environments = [e.name for e in self.policy.environments if hit(e.pipelines.patterns, facts.run.pipeline)]
        seen: dict[str, list[str]] = {
            "source": [facts.run.source],
            "plain_input": [facts.plain] if facts.plain else [],
            "pipeline": [facts.run.pipeline],
            "branch": [facts.branch] if facts.branch else [],
            "environment": environments + ([claims.environment] if claims else []),
            "trigger": [s.trigger.value for s in facts.starters if s.trigger is not Trigger.UNKNOWN],
            "upstream": list(facts.upstream),
            "library": [f"{one.name}@{one.version}" for one in facts.libraries],
            "changed_paths": list(facts.paths or ()),
            "changed_parameters": [c.name for c in changed if c.changed],
            "changed_variables": [c.name for c in changed if c.changed],
            "claims.environment": [claims.environment] if claims else [],
            "claims.action": [claims.action] if claims else [],
            "claims.subject": [claims.subject_name] if claims else [],
        }
        hidden = {
            "branch": not facts.branch,
            "trigger": not self.cause_known,
            "upstream": not self.cause_known,
            "changed_paths": facts.paths is None,
        }
        hits = [hit(patterns, text) for text in seen[key]]
        unsure = hidden.get(key, False) or any(c.changed is None and hit(patterns, c.name) for c in changed)
        if every:
            return NO if not all(hits) else OPEN if unsure else YES if hits else NO
        return YES if any(hits) else OPEN if unsure else NO

    def tags(self, patterns: tuple[str, ...]) -> int:
        tags, unsure = declared_tags(self.policy, self.facts, self.claims)
        if any(hit(patterns, tag) for tag in tags):
            return YES
        could = unsure and any(hit(patterns, tag) for resource in self.policy.resources for tag in resource.tags)
        return OPEN if could else NO

    def people(self, key: str, approvers: tuple[str, ...], every: bool) -> int:
        wanted = {
            p.id
            for p in self.roster.people.values()
            if p.id in approvers or {f"group:{g}" for g in p.groups} & set(approvers)
        }
        if key == "requester":
            behind = [s.person for s in self.facts.starters if s.person or s.subject or s.trigger.value in BY_HAND]
            unsure = not self.facts.starters or None in behind
        else:
            behind = [a.person for a in self.facts.authors]
            unsure = self.facts.paths is None or None in behind
        known = {person for person in behind if person}
        if every:
            return NO if known - wanted else YES if known and not unsure else OPEN
        return YES if known & wanted else OPEN if unsure else NO

    def pair(self, key: str, name: str, patterns: tuple[str, ...]) -> int:
        if key == "parameters":
            values = {p.value for p in self.facts.parameters if p.name == name}
            if len(values) > 1 or None in values:
                return OPEN
            return YES if any(hit(patterns, value or "") for value in values) else NO
        if self.claims is None:
            return OPEN
        said = dict(self.claims.details if key == "claims.details" else self.claims.variables)
        return YES if name in said and hit(patterns, said[name]) else NO

    def flag(self, key: str) -> int:
        triggers = [s.trigger.value for s in self.facts.starters]
        if key == "replayed":
            return YES if set(AGAIN) & set(triggers) else NO if self.cause_known else OPEN
        if key == "unknown_requester":
            unknown = [s for s in self.facts.starters if s.person is None]
            nobody = [s for s in unknown if s.subject or s.trigger.value in BY_HAND]
            return YES if nobody or not triggers else NO
        known = self.history.pipeline_known if key == "first_run" else self.history.branch_known
        return NO if known else YES


@given(
    some.policies(st.just(())), some.rosters, some.facts, some.claims, some.histories, some.predicates, st.booleans()
)
def test_predicates_answer_as_the_slow_reading_does(
    policy: Policy, roster: Roster, facts: Facts, claims: Claims, history: History, asked: Predicate, claimed: bool
) -> None:
    """All keys, nested, by facts and with claims; and the explanation says the same at its root."""
    scene = by_facts(policy, roster, facts, history)
    if claimed:
        scene = with_claims(policy, scene, claims)
    expected = {NO: False, OPEN: None, YES: True}[
        Oracle(policy, roster, facts, claims if claimed else None, history).ask(asked)
    ]
    assert asked.look(scene) is expected
    assert explain(asked, scene).holds is expected
