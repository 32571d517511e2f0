"""Eleven gates of which every figure can be worked out on paper.

Monday, 2026-03-02, and Tuesday. Waits of people, in minutes, by pipeline:
  web/deploy   2 (Mon 09:00, alice), 4 (Mon 09:30, bob), 10 (Tue 09:00, alice denies)
  db/migrate  30 (Mon 23:10: alice after 5, carol after 30; two are needed)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from builders import RUN, claims, clause, facts, gate, requirement
from jenkins_mfa.core.model import (
    Author,
    BrokenGlass,
    Claim,
    Confirmation,
    Denial,
    Ending,
    Entry,
    Factor,
    Gate,
    Reason,
    Requirement,
    State,
)
from jenkins_mfa.reporting.model import Report, Reviewed, Scope
from jenkins_mfa.reporting.tally import Tally

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MONDAY = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
TUESDAY = MONDAY + DAY
SCOPE = Scope(MONDAY, MONDAY + 7 * DAY)
ASKED = Reason("environment", {"wanted": "production", "seen": "production"})
APPLIES = Reason("rule", {"rule": "production", "on": "fact", "effect": "applies"}, children=(ASKED,))
WHY = Reason("requirement", children=(APPLIES,))
CODE = replace(requirement(clause(1, factor=Factor.TOTP)), environments=("production",), reasons=WHY)
TWO = replace(requirement(clause(2, factor=Factor.TOTP)), environments=("production",))


def made(number: int, pipeline: str, at: int, asked: Requirement | None = CODE, **values: object) -> Gate:
    """A gate opened at `at`."""
    run = replace(RUN, pipeline=pipeline, id=str(number))
    base = gate(
        id=f"g_{number:032x}", run=run, facts=facts(run=run, authors=(Author("zed", "zed@example.com"),)), opened_at=at
    )
    return replace(base, requirement=asked, deadline=at + 30 * MINUTE, request_sha256=f"{number:064x}", **values)


def given(person: str, at: int, factor: Factor = Factor.TOTP) -> Confirmation:
    """Somebody's counted answer."""
    return Confirmation(person, factor, at, "tap", f"{person}:{at}")


def approved(number: int, pipeline: str, at: int, asked: Requirement, *answers: Confirmation) -> Gate:
    """A gate whose build went on."""
    last = answers[-1].at
    who = tuple(a.person for a in answers)
    claim = Claim(last // 1000, last // 1000 + 600, who, 70 + number, "ab" * 32, "k1", f"{number:02x}" * 32)
    ended = {"state": State.RESUMED, "claim": claim, "decided_at": last, "ending": Ending("proceeded_by_us", last)}
    return made(number, pipeline, at, asked, confirmations=answers, **ended)


def gates() -> list[Gate]:
    """All of them, in no order."""
    nine, late = MONDAY + 9 * HOUR, MONDAY + 23 * HOUR + 10 * MINUTE
    tuesday = TUESDAY + 9 * HOUR
    passing = replace(requirement(), clauses=(), passes_by=("holiday",), environments=("staging",))
    node = Reason("rule", {"rule": "production", "effect": "exempted", "exemption": "holiday"})
    passing = replace(passing, reasons=Reason("requirement", children=(node,)))
    glass = replace(CODE, break_glass="hotfix")
    denial = Denial(tuesday + 10 * MINUTE, "alice", "Not today", "tap")
    foreign = Denial(tuesday, None, "foreign_library", "open", values={"library": "jenkins-mfa"})
    newer = Denial(tuesday + MINUTE, None, "superseded", "newer")
    return [
        made(11, "web/deploy", tuesday, state=State.PENDING),
        approved(1, "web/deploy", nine, CODE, given("alice", nine + 2 * MINUTE)),
        replace(
            approved(2, "web/deploy", nine + 30 * MINUTE, glass, given("bob", nine + 34 * MINUTE)),
            broken=BrokenGlass("carol", nine + 31 * MINUTE, "Site is down", "command", CODE),
        ),
        approved(3, "db/migrate", late, TWO, given("alice", late + 5 * MINUTE), given("carol", late + 30 * MINUTE)),
        made(4, "web/deploy", tuesday, state=State.ABORTED, denial=denial, decided_at=denial.at),
        made(5, "web/deploy", tuesday, None, claims=None, state=State.DENIED, denial=foreign, decided_at=tuesday),
        made(6, "web/deploy", tuesday, state=State.ABORTED, denial=newer, decided_at=newer.at),
        made(7, "db/migrate", tuesday, TWO, state=State.EXPIRED, confirmations=(given("bob", tuesday + MINUTE),),
             decided_at=tuesday + 30 * MINUTE),
        made(8, "db/migrate", tuesday, TWO, state=State.WITHDRAWN, ending=Ending("aborted", tuesday + 9, "dan")),
        made(9, "web/deploy", tuesday, state=State.BYPASSED, ending=Ending("bypassed", tuesday + 9, "admin")),
        made(10, "web/nightly", tuesday, passing, claims=claims(environment="staging"), state=State.RESUMED,
             decided_at=tuesday),
    ]  # fmt: skip


REVIEWS = {f"g_{2:032x}.1": Reviewed("dan", TUESDAY, "Right so")}


def report(
    *more: Gate,
    scope: Scope = SCOPE,
    each: bool = False,
    reviews: Mapping[str, Reviewed] | None = REVIEWS,
    trail: Iterable[Entry] | None = (),
) -> Report:
    """Of these gates, and `more`; of these events of the trail, None where it cannot be read."""
    tally = Tally(scope, each=each)
    for one in (*gates(), *more):
        tally.add(one)
    for entry in trail or ():
        tally.note(entry)
    return tally.report(reviews, trail=trail is not None)
