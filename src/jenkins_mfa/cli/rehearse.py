"""The beginning of `check --live` without a build: a case for the policy, and the test that is opened for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jenkins_mfa.cli import seat
from jenkins_mfa.cli.base import USAGE, Failed
from jenkins_mfa.core.model import TEST, Claims, Facts, Gate, History, Starter, Trigger
from jenkins_mfa.core.policy import Demand, Policy, Rule, evaluate
from jenkins_mfa.scenario import Scenario
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.usecases import rehearsal
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.words import rehearsal as words


@dataclass(frozen=True)
class Asked:
    """What was wanted: a source, whom to ask in place of the policy's people, as which job; or a job to follow.
    `seconds` are those that people get, or that a build gets to come.
    """

    source: str
    to: str
    pipeline: str
    environment: str
    job: str
    seconds: int


def begin(desk: Desk, messenger: SlackMessenger, asked: Asked) -> tuple[Gate, str]:
    """Open a test of the source; the gate, and the number that a build would show. Raises Failed, StoreError."""
    source = desk.rehearsals[f"{TEST}{asked.source}"]
    if not isinstance(source, rehearsal.Rehearsals):
        raise TypeError(f"{source.id} is no source of tests")
    facts, claims, history = _case(desk, asked)
    if asked.to:
        wanted = evaluate(desk.policy, desk.roster, facts, claims, history)
        only = _for_one(desk.policy, messenger, asked.to, Demand(wanted.factor, 1, (asked.to,)))
        messenger.rules.now = replace(messenger.rules.now, policy=only)
    return rehearsal.begin(desk, source, facts, claims, asked.seconds, seat.operator())


def _case(desk: Desk, asked: Asked) -> tuple[Facts, Claims, History]:
    """What the policy is asked about: whoever sits here is behind it, if the roster knows them; else nobody."""
    by = seat.person(desk)
    behind = (by,) if by in desk.roster.people else ()
    name, now = asked.pipeline or words.PIPELINE, desk.store.now()
    scene = Scenario(asked.source, name, requesters=behind, environment=asked.environment, at=now)
    facts, claims, history = scene.asked(desk.policy, desk.roster)
    if not behind:
        facts = replace(facts, starters=(Starter(Trigger.UPSTREAM, via="jenkins-mfa check --live"),))
    return facts, replace(claims, message=words.MESSAGE), history


def _for_one(policy: Policy, messenger: SlackMessenger, person: str, demand: Demand) -> Policy:
    """The policy as if it asked one person alone, in a direct message, for the strongest factor that it asks here."""
    user = messenger.users.get(person)
    if user is None:
        mend = f'add "{messenger.issuer}" to identities of [people.{person}] in roster.toml'
        raise Failed(f"{person} has no account in this workspace.", USAGE, "usage", mend=mend)
    rule = Rule("test", (demand,), channel=messenger.direct(user), requesters_may_approve=True)
    return replace(policy, rules=(), exemptions=(), default=rule)
