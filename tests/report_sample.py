"""A made-up history of gates, the same each time: what a month of a busy installation looks like.

`python tests/report_sample.py FILE` writes its report as a page; docs/report.png is a picture of it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from builders import claims, clause, gate, person
from jenkins_mfa.core.model import (
    Author,
    Claim,
    Confirmation,
    Denial,
    Ending,
    Factor,
    Facts,
    Gate,
    Reason,
    Requirement,
    Run,
    Starter,
    State,
    Trigger,
)
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting.model import Scope
from jenkins_mfa.reporting.page import page
from jenkins_mfa.reporting.tally import Tally

DAY = 86_400_000
SINCE = int(datetime(2026, 10, 26, tzinfo=UTC).timestamp() * 1000)
UNTIL = SINCE + 30 * DAY
NAMES = {"alice": "Alice Wu", "bob": "Bob Ray", "carol": "Carol Diaz", "mei": "Mei Tanaka", "omar": "Omar Haddad"}
PEOPLE = {**NAMES, "dan": "Dan Fox"}
ROSTER = Roster({one: replace(person(one, "release"), name=name) for one, name in PEOPLE.items()})
#: pipeline, environment, gates a working day, typical minutes to a decision
JOBS = (
    ("web/deploy-staging", "staging", 7, 3),
    ("web/deploy-prod", "production", 4, 6),
    ("payments/deploy-prod", "production", 2, 14),
    ("infra/terraform-prod", "production", 1.2, 25),
    ("secrets/rotate", "production", 0.4, 45),
    ("data/migrate-schema", "production", 0.5, 75),
)
REASONS = ("Wrong version: 1.4 was meant", "Not before the freeze ends", "The ticket says staging", "Tests are red")


def history() -> Iterator[Gate]:
    """All gates of thirty days."""
    dice = random.Random(4)
    number = 0
    for day in range(30):
        weekend = (day % 7) >= 5
        for job, environment, often, typical in JOBS:
            for _ in range(_many(dice, often * (0.12 if weekend else 1.0))):
                number += 1
                hour = min(23.9, max(0.2, dice.gauss(13.5, 3.4)))
                opened = SINCE + day * DAY + int(hour * 3_600_000)
                yield _gate(dice, number, job, environment, opened, typical * (4 if hour > 18 or weekend else 1))


def _many(dice: random.Random, often: float) -> int:
    return sum(dice.random() < often / 10 for _ in range(10))


def _gate(dice: random.Random, number: int, job: str, environment: str, opened: int, typical: float) -> Gate:
    run = Run("main", "ci", job, str(1000 + number), 1, f"https://ci.example.com/job/{number}/")
    factor = Factor.TOTP if environment == "production" else Factor.PUSH
    wait = int(dice.lognormvariate(0, 0.9) * typical * 60_000)
    starter = Starter(Trigger.PERSON, "dan", "dan")
    base = gate(
        id=f"g_{number:032x}",
        external_ref=f"ref-{number}",
        run=run,
        facts=Facts(run, "main", (starter,), authors=(Author("dan", person="dan"),)),
        claims=claims(environment=environment),
        requirement=_requirement(environment, factor),
        opened_at=opened,
        deadline=opened + 5_400_000,
        first_deadline=opened + 5_400_000,
        request_sha256=f"{number * 7919:064x}",
    )
    return _ended(dice, base, factor, wait)


def _requirement(environment: str, factor: Factor) -> Requirement:
    asked = replace(clause(1, *NAMES, factor=factor), rule=environment)
    seen = Reason("environment", {"wanted": environment, "seen": environment})
    applies = Reason("rule", {"rule": environment, "on": "fact", "effect": "applies"}, children=(seen,))
    why, policy = Reason("requirement", children=(applies,)), "c0ffee" * 10 + "c0ff"
    return Requirement((asked,), 5400, (), (environment,), policy, environments=(environment,), reasons=why)


def _ended(dice: random.Random, base: Gate, factor: Factor, wait: int) -> Gate:
    fate = dice.random()
    at = base.opened_at + wait
    who = dice.choices(list(NAMES), weights=(9, 6, 4, 2, 1))[0]
    if wait > 5_400_000 or fate < 0.02:
        return replace(base, state=State.ABORTED, decided_at=base.deadline, ending=Ending("expired", base.deadline))
    if fate < 0.07:
        denial = Denial(at, who, dice.choice(REASONS), "tap")
        return replace(base, state=State.ABORTED, decided_at=at, denial=denial, ending=Ending("aborted", at))
    if fate < 0.09:
        return replace(base, state=State.WITHDRAWN, ending=Ending("aborted", at, "dan"))
    if fate < 0.10:
        denial = Denial(base.opened_at, None, "foreign_library", "open", values={"library": "jenkins-mfa"})
        return replace(base, state=State.ABORTED, decided_at=base.opened_at, denial=denial)
    if 0.10 <= fate < 0.16 and factor is Factor.PUSH and base.requirement:
        passes = replace(base.requirement, clauses=(), passes_by=("nightly",))
        return replace(base, state=State.RESUMED, requirement=passes, decided_at=base.opened_at)
    if 0.161 <= fate < 0.164:
        return replace(base, state=State.BYPASSED, ending=Ending("bypassed", at, "admin"))
    given = Confirmation(who, factor, at, "tap", "cause")
    number = int(base.run.id)
    claim = Claim(at // 1000, at // 1000 + 600, (who,), 4000 + number, "9c1e" * 16, "k1", f"{number * 104729:064x}")
    ending = Ending("proceeded_by_us", at + 400)
    return replace(base, state=State.RESUMED, confirmations=(given,), decided_at=at, claim=claim, ending=ending)


def sample_page(environment: str = "") -> str:
    """The report on it."""
    tally = Tally(Scope(SINCE, UNTIL, environment=environment), each=bool(environment))
    for one in history():
        tally.add(one)
    return page(tally.report({}), ROSTER, UNTIL, "0.1.0")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(sample_page(*sys.argv[2:]), encoding="utf-8")
