"""The parsed policy: rules, environments, resources, exemptions. Values without behaviour; the parser makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from jenkins_mfa.core.calendars import Calendar
from jenkins_mfa.core.model import Factor
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.policy.predicates import All, Predicate, on_claims

Assurance = Literal["none", "detected", "verified"]
Strangers = Literal["one-more", "deny", "same"]
AVAILABLE = (
    Factor.PUSH,
    Factor.PUSH_NUMBER,
    Factor.TOTP,
)  #: factors that people can give in this version, weakest first
ALWAYS = All(())  #: holds for everything: what a rule without `when` asks


@dataclass(frozen=True, slots=True)
class Demand:
    """`count` distinct people out of `approvers` (roster ids and `group:<name>`), each with at least `factor`."""

    factor: Factor
    count: int
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `when` it applies, everything in `require` must be met. Times are seconds.

    `passes` (`confirm = "none"`) lets the gate pass without anybody, against every rule that is not marked `always`.
    `observe` only notes what the rule would have asked. `break_glass` rules replace the others once somebody asks for
    it; `review_by` (roster ids and `group:<name>`) may review that afterwards.
    """

    name: str
    require: tuple[Demand, ...] = ()
    when: Predicate = ALWAYS
    ttl: int = 1800
    channel: str = ""
    passes: bool = False
    always: bool = False
    observe: bool = False
    break_glass: bool = False
    review_by: tuple[str, ...] = ()
    assurance: Assurance = "none"
    requesters_may_approve: bool = False
    authors_may_approve: bool = True
    remind_after: int = 0
    escalate_after: int = 0
    escalate_to: tuple[str, ...] = ()
    escalate_channel: str = ""
    supersede: bool = False

    @property
    def on_claims(self) -> bool:
        """Whether it asks about claims: then it can add to what facts demand, but never stand for it."""
        return on_claims(self.when)


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that the policy itself knows: runs of these pipelines belong to it. `watch` names variables."""

    name: str
    pipelines: Globs
    tags: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """Paths that carry tags, such as `terraform/prod/*`."""

    paths: Globs
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exemption:
    """Until `until` (ms UTC) the rules named by these globs ask for nothing `when` it holds; `reason` is for people."""

    name: str
    rules: Globs
    when: Predicate
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The parsed policy.toml. `sha256` covers the file's bytes; `default` applies where no rule matches on facts.

    `strangers` says what people behind a run who are not in the roster cost. `watch` names variables that every gate
    must send; `changed_at_first` whether they count as changed while there is nothing to compare them with. Nobody is
    reminded inside `quiet`. Whoever set up somebody's authenticator less than `enrol_delay` seconds ago does not
    confirm beside them. With `second_admin` what one administrator lets somebody enrol counts once a second one has
    confirmed it. Where there are `key_models` (AAGUIDs), only security keys that were proved to be of one of them are
    enrolled and count. `administrators` (roster ids and `group:<name>`) invite people, and release whom a report
    holds. `calendars` are the names of all, asked about or not. `outside` maps groups of the roster whose members are
    kept elsewhere to the id that they have there.
    """

    rules: tuple[Rule, ...]
    environments: tuple[Environment, ...]
    default: Rule | None
    sha256: str
    max_ttl: int = 86400
    available: tuple[Factor, ...] = AVAILABLE
    resources: tuple[Resource, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    strangers: Strangers = "one-more"
    watch: tuple[str, ...] = ()
    changed_at_first: bool = True
    quiet: Calendar | None = None
    enrol_delay: int = 3600
    second_admin: bool = False
    key_models: frozenset[str] = frozenset()
    administrators: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    outside: Mapping[str, str] = field(default_factory=dict)

    @property
    def under_broken_glass(self) -> Policy:
        """What of it still asks once a break-glass rule has replaced the others: what is marked `always`."""
        held = tuple(rule for rule in self.rules if rule.always and not rule.break_glass)
        return replace(self, rules=held, default=Rule("default", passes=True))
