"""The two looks at a gate: with facts alone, and with what the pipeline claims on top of them."""

from __future__ import annotations

from jenkins_mfa.core.model import Claims, Facts, History
from jenkins_mfa.core.policy.people import Roster
from jenkins_mfa.core.policy.rules import Policy
from jenkins_mfa.core.policy.scene import Scene

RESOURCES = "resources"  #: the name of the detail in which a pipeline may name what it touches, separated by commas


def by_facts(policy: Policy, roster: Roster, facts: Facts, history: History) -> Scene:
    """The look without claims: environments and tags as the policy declares them for this pipeline and its paths."""
    declared = [e for e in policy.environments if e.pipelines.match(facts.run.pipeline)]
    tags = {tag for environment in declared for tag in environment.tags}
    possible: set[str] = set()
    for resource in policy.resources:
        if facts.paths is None:
            possible.update(resource.tags)
        elif any(map(resource.paths.match, facts.paths)):
            tags.update(resource.tags)
    names = tuple(sorted(environment.name for environment in declared))
    return Scene(facts, history, roster, None, names, frozenset(tags), frozenset(possible))


def with_claims(policy: Policy, seen: Scene, claims: Claims) -> Scene:
    """The look with claims: what the pipeline says about itself comes on top of the facts."""
    tags = {t for e in policy.environments if e.name == claims.environment for t in e.tags}
    known = {tag for environment in policy.environments for tag in environment.tags}
    known.update(tag for resource in policy.resources for tag in resource.tags)
    said = dict(claims.details).get(RESOURCES, "")
    for item in filter(None, (part.strip() for part in said.split(","))):
        tags.update(tag for resource in policy.resources if resource.paths.match(item) for tag in resource.tags)
        tags.update({item} & known)
    named = () if claims.environment in ("", *seen.environments) else (claims.environment,)
    return Scene(
        seen.facts,
        seen.history,
        seen.roster,
        claims,
        (*seen.environments, *named),
        seen.tags | tags,
        seen.possible_tags,
    )
