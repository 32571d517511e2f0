"""What `check` says of what the store holds: stored records, the people who may be asked, and agents that run."""

from __future__ import annotations

from collections.abc import Iterator

from jenkins_mfa.cli.base import DAMAGED_GATE, halves
from jenkins_mfa.cli.opened import load_keys
from jenkins_mfa.cli.report import Part, count
from jenkins_mfa.config import Config
from jenkins_mfa.core import beats
from jenkins_mfa.core.model import Factor
from jenkins_mfa.errors import DamagedError, UnknownKeyError
from jenkins_mfa.failures import lower
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import seals
from jenkins_mfa.words import enrolment, render
from jenkins_mfa.words.parts import duration

FAILING = 60_000  #: ms of failing that are a finding


def record_parts(config: Config, store: RedisStore) -> Iterator[Part]:
    """Stored records that are not what was written, keys that they need, and who lacks an authenticator."""
    yield from _damaged(config, store)
    yield _vault(config, store)
    yield _people(config, store)


def approvers(config: Config, *, codes_only: bool = False) -> list[str]:
    """Roster ids of everyone whom a rule names, or only of those who are asked for a code."""
    policy = config.policy
    rules = [*policy.rules, *([policy.default] if policy.default else [])]
    found = {
        person
        for rule in rules
        for demand in rule.require
        if not codes_only or demand.factor is not Factor.PUSH
        for person in config.roster.named(demand.approvers)
    }
    return sorted(found)


def _damaged(config: Config, store: RedisStore) -> Iterator[Part]:
    """Waiting gates, and people who may be asked."""
    for damaged in store.damaged_gates():
        yield Part("gates.damaged", False, str(damaged), DAMAGED_GATE)
    for person in approvers(config):
        try:
            store.person(person)
        except DamagedError as damaged:
            mend = f"see who can write to the store, then jenkins-mfa enroll local {person}"
            yield Part("people.damaged", False, f"{damaged}; no code of theirs counts", mend)


def _vault(config: Config, store: RedisStore) -> Part:
    """Keys that stored authenticators need, and those that nothing needs any more."""
    try:
        seals.check(store, load_keys(config).ring)
    except UnknownKeyError as error:
        return Part("vault.missing_key", False, *halves(str(error)))
    return Part("vault.keys", True, "every authenticator in use opens with a key of its file")


def _people(config: Config, store: RedisStore) -> Part:
    """Who is asked for a code and has no authenticator finds out at the gate; better now."""
    asked = approvers(config, codes_only=True)
    missing = [person for person in asked if _has_no_authenticator(store, person)]
    if missing:
        names = ", ".join(config.roster.name(person) for person in missing)
        mend = enrolment.way(missing[0], pages=config.web is not None).text
        says = f"asked for a code, but without an authenticator: {names}"
        return Part("people.no_authenticator", False, says, mend)
    says = f"{count(len(asked), 'person')} asked for codes, each with an authenticator"
    return Part("people.authenticators", True, says)


def _has_no_authenticator(store: RedisStore, person: str) -> bool:
    try:
        return store.person(person).usable(Factor.TOTP) is None
    except DamagedError:
        return False  # a finding of its own


def delivery_parts(store: RedisStore) -> Iterator[Part]:
    """What does not reach Jenkins or Slack: now, and for good."""
    now, late = store.now(), store.backlog()
    if late.failing and now - late.failing > FAILING:
        says = f"something has not been delivered for {duration(now - late.failing)}"
        yield Part("delivery.failing", False, says, "jenkins-mfa pending says what and why; it is tried again")
    for one in store.parked():
        lane = render.visible(one.lane, quoted=False)
        says = f"{lane} was given up {duration(now - one.at)} ago: {render.visible(one.reason)}"
        yield Part("delivery.parked", False, says, "mend its cause, then: jenkins-mfa deliveries retry, or drop")


def agent_parts(store: RedisStore) -> Iterator[Part]:
    """What the running agents last said of themselves and of their sources."""
    now, told = store.now(), store.beats()
    running = beats.fresh(told, "agent", now)
    if told and not running:
        ages = [beats.age(beat, now) for name, beat in told.items() if name.startswith("agent:")]
        seen = f": last seen {min(ages) // 1000} s ago" if ages else ""
        yield Part("agent.none", False, f"no agent runs{seen}", "start it: jenkins-mfa run")
    for beat in running:
        yield from _agent(beat, beats.age(beat, now))
    for source, beat in sorted(told.items()):
        if source.startswith("source:") and beats.age(beat, now) < beats.FRESH and beat.get("ok") is False:
            says = f"its last poll of {source.replace(':', ' ')} failed: {beat.get('problem')}"
            yield Part("agent.poll", False, says, "look at that source; the agent goes on trying")


def _agent(beat: beats.Beat, age: int) -> Iterator[Part]:
    """One agent that runs: what it is, and what it has not taken over."""
    yield Part("agent.runs", True, f"version {beat.get('version')}, last seen {age // 1000} s ago")
    if refused := beat.get("refused"):
        says = f"it has not taken over policy and roster as they are on disk: {refused}"
        mend = "jenkins-mfa policy check; until then what held before holds"
        yield Part("agent.rules_refused", False, says, mend)
    not_taken = beat.get("not_taken")
    for what, problem in (not_taken if isinstance(not_taken, dict) else {}).items():
        says, mend = halves(str(problem))
        yield Part("agent.not_taken", False, f"it has not taken over {what}: {lower(says)}", mend)
