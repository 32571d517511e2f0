"""From gate to gate: what a pipeline's record remembers, who moves it, and what the policy makes of it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from builders import RUN, environment, facts, policy, rule
from desk_world import World
from fakes import request_text
from jenkins_mfa.core.model import Factor, Gate, Parameter, PipelineRecord, State
from jenkins_mfa.core.policy import Globs
from jenkins_mfa.core.policy.predicates import Flag, Rate, Texts
from jenkins_mfa.store.records import encode
from jenkins_mfa.usecases import history

KEY = f"{RUN.source}:{RUN.pipeline}"
SECRET = "hunter2-and-more"
TAP = rule(factor=Factor.PUSH)
CODE_IF_CHANGED = rule("changed", when=Texts("changed_variables", Globs(("DB_*",))))
PRODUCTION = environment("production", "team one/*", watch=("DB_HOST",))


def build(world: World, number: int, host: str | None = "db-1", **values: object) -> Gate:
    """One build more, which pauses; `values` replace facts, `environment` and `variables` what the pipeline says."""
    run = replace(RUN, id=str(number))
    said = {key: values.pop(key) for key in ("environment", "variables", "unset") if key in values}
    sent = {"variables": {"DB_HOST": host}} if host is not None else {}
    world.source.known = facts(run=run, **values)
    world.source.pauses[f"ref-{number}"] = f"Mfa-{number:032x}"
    world.source.settlers = []
    world.source.text = request_text(**({"run": {"pipeline": run.pipeline, "id": run.id}} | sent | said))
    world.watch.poll()
    found = world.store.gate_of("main", f"ref-{number}")
    assert found is not None
    return found


def confirm(world: World, gate: Gate) -> Gate:
    """Alice confirms with whatever is asked, and the run is let through."""
    if gate.requirement and gate.requirement.factor is Factor.PUSH:
        world.answers.tap(gate.jti, world.who("alice"), f"tap-{gate.id}")
    world.deliver()
    after = world.store.gate(gate.id)
    assert after is not None
    assert after.state is State.RESUMED
    return after


def factor(gate: Gate) -> Factor:
    assert gate.requirement is not None
    return gate.requirement.factor


def changed(gate: Gate) -> dict[str, bool | None]:
    return {change.name: change.changed for change in gate.history.changes}


def watching(*rules: object, **values: object) -> World:
    return World(rules=policy(*(rules or (TAP,)), environments=(PRODUCTION,), **values))  # type: ignore[arg-type]


def test_a_changed_variable_asks_for_more_than_the_same_one() -> None:
    """First build, same value, other value: the rule about changes adds its clause where something changed."""
    world = watching(TAP, CODE_IF_CHANGED, changed_at_first=False)
    assert factor(confirm(world, build(world, 1))) is Factor.PUSH
    assert factor(confirm(world, build(world, 2))) is Factor.PUSH
    assert factor(build(world, 3, "db-2")) is Factor.TOTP


def test_the_first_gate_has_changed_by_default() -> None:
    """There is nothing to compare with: the rule applies, and people are told why."""
    gate = build(watching(TAP, CODE_IF_CHANGED), 1)
    assert factor(gate) is Factor.TOTP
    assert (gate.history.compared, changed(gate)) == (False, {"DB_HOST": True})


def test_a_variable_that_the_policy_watches_must_be_sent() -> None:
    """Keeping it back asks for as much as changing it."""
    world = watching(TAP, CODE_IF_CHANGED, changed_at_first=False)
    confirm(world, build(world, 1))
    gate = build(world, 2, None)
    assert factor(gate) is Factor.TOTP
    assert [change.sent for change in gate.history.changes] == [False]


def test_what_is_watched_comes_from_the_policy_the_declared_and_the_claimed_environment() -> None:
    """All three lists count: a claim can add names, and take none away."""
    scratch = environment("scratch", "elsewhere", watch=("SCRATCH",))
    world = World(rules=policy(TAP, environments=(PRODUCTION, scratch), watch=("ALWAYS",)))
    gate = build(world, 1, None, environment="scratch")
    assert {change.name for change in gate.history.changes if not change.sent} == {"ALWAYS", "DB_HOST", "SCRATCH"}


@pytest.mark.parametrize("how", ["denied", "expired", "withdrawn"])
def test_only_a_run_that_was_let_through_moves_the_baseline(how: str) -> None:
    """A value that was denied, that nobody answered, whose run ended: the next one is compared with the one before."""
    world = watching()
    confirm(world, build(world, 1))
    gate = build(world, 2, "db-evil")
    if how == "denied":
        world.answers.deny(gate.jti, world.who("alice"), "not this host", False, "deny")
    elif how == "expired":
        world.clock.move(seconds=1801)
        world.expire()
    else:
        del world.source.pauses["ref-2"]
        world.source.finished = True
        world.watch.poll()
        world.watch.poll()
        world.source.finished = False
    world.deliver()
    assert changed(build(world, 3, "db-evil")) == {"DB_HOST": True}
    assert changed(build(world, 4, "db-1")) == {"DB_HOST": False}


def test_what_passes_by_itself_changes_no_baseline() -> None:
    """Nobody has looked at the new value: it is compared again until somebody has."""
    world = watching(changed_at_first=False)
    confirm(world, build(world, 1))
    unseen = replace(build(world, 2, "db-2"), state=State.RESUMED)
    world.store.put(history.let_through(world.store.pipeline(KEY), unseen))
    assert changed(build(world, 3, "db-2")) == {"DB_HOST": True}
    again = PipelineRecord(KEY, 0)
    nothing_changed = replace(unseen, history=replace(unseen.history, changes=()))
    assert history.let_through(again, unseen).baselines == ()
    assert history.let_through(again, nothing_changed).baselines != ()
    plain = replace(nothing_changed, facts=facts(plain="Ok"))
    assert history.let_through(again, plain).baselines == ()


def test_a_claimed_environment_leads_to_no_other_comparison() -> None:
    """Where the policy declares the environment, the pipeline cannot choose what it is compared with."""
    world = watching(changed_at_first=False)
    confirm(world, build(world, 1))
    assert changed(build(world, 2, "db-2", environment="scratch")) == {"DB_HOST": True}


def test_an_environment_claimed_for_the_first_time_has_changed() -> None:
    """Where the policy declares none: a new name is no way round the comparison, whatever holds for a first gate."""
    world = World(rules=policy(TAP, changed_at_first=False))
    assert changed(confirm(world, build(world, 1))) == {"DB_HOST": False}
    assert changed(build(world, 2, "db-1", environment="scratch")) == {"DB_HOST": True}


def test_parameters_are_compared_too() -> None:
    """Another value, one that is new; a password is not known."""
    world = watching(TAP, rule("region", when=Texts("changed_parameters", Globs(("REGION",)))), changed_at_first=False)
    given = (Parameter("REGION", "eu-1"), Parameter("PIN", None))
    confirm(world, build(world, 1, parameters=given))
    same = build(world, 2, parameters=given)
    assert (changed(same), factor(same)) == ({"DB_HOST": False, "REGION": False, "PIN": None}, Factor.PUSH)
    other = build(world, 3, parameters=(Parameter("REGION", "us-1"), Parameter("SIZE", "1")))
    assert changed(other) == {"DB_HOST": False, "REGION": True, "SIZE": True, "PIN": True}
    assert factor(other) is Factor.TOTP


def test_a_first_run_of_pipeline_and_branch_is_known_until_one_was_let_through() -> None:
    """Denied runs do not count; a branch that the source does not tell is never known."""
    world = watching(
        TAP, rule("new", when=Flag("first_run", True)), rule("new branch", when=Flag("first_run_of_branch", True))
    )
    names = [rule.name for rule in world.desk.policy.rules]
    first = build(world, 1)
    assert first.requirement is not None
    assert list(first.requirement.rules) == names
    world.answers.deny(first.jti, world.who("alice"), "not yet", False, "deny")
    world.deliver()
    assert build(world, 2).history.pipeline_known is False
    record = world.store.pipeline(KEY)
    through = replace(first, state=State.RESUMED)
    world.store.put(history.let_through(record, through))
    known = build(world, 3)
    assert (known.history.pipeline_known, known.history.branch_known) == (True, True)
    other = build(world, 4, branch="feature")
    assert (other.history.pipeline_known, other.history.branch_known) == (True, False)
    world.store.put(history.let_through(world.store.pipeline(KEY), replace(through, facts=facts(branch=""))))
    assert build(world, 5, branch="").history.branch_known is False


def test_how_many_gates_opened_lately_is_counted_whatever_became_of_them() -> None:
    """The rate looks at openings within its time; denied ones are among them."""
    world = watching(TAP, rule("many", when=Rate(2, 3600)))
    assert factor(build(world, 1)) is Factor.PUSH
    gate = build(world, 2)
    world.answers.deny(gate.jti, world.who("alice"), "no", False, "deny")
    assert factor(build(world, 3)) is Factor.TOTP
    world.clock.move(seconds=3601)
    assert factor(build(world, 4)) is Factor.PUSH


def test_the_record_stays_small() -> None:
    """Whatever a pipeline does: a hundred openings, two hundred branches, fifty environments."""
    record = PipelineRecord(KEY, 0)
    gate = build(watching(), 1)
    for number in range(300):
        seen = replace(gate.history, environment=f"claims:{number}", changes=())
        through = replace(gate, state=State.RESUMED, history=seen, facts=facts(branch=f"b{number}"))
        record = history.opened(history.let_through(record, through), number)
    assert (len(record.opened), len(record.branches), len(record.baselines)) == (100, 200, 50)
    assert (record.opened[-1], record.branches[-1]) == (299, "b299")
    assert record.baselines[-1].environment == "claims:299"


def test_a_damaged_record_opens_no_gate_and_stops_no_run() -> None:
    """Nobody can tell what changed: nothing is asked until it is mended; what was confirmed before goes on."""
    world = watching()
    gate = build(world, 1)
    world.store._records[f"pipeline:{KEY}"] = replace(world.store.pipeline(KEY), branches=("evil",))
    confirm(world, gate)
    world.source.pauses["ref-2"] = "Mfa-" + "2" * 32
    world.watch.poll()
    world.deliver()
    assert world.store.gate_of("main", "ref-2") is None
    assert [alert.code for alert in world.messenger.alerts] == ["record_damaged"]


def test_a_secret_looking_value_is_compared_and_nowhere_to_be_read() -> None:
    """Neither the store nor the log, a message or the trail holds it, whether it came as parameter or as variable."""
    world = watching()
    with capture_logs() as logs:
        sent = {"DB_HOST": "db-1", "DB_PASSWORD": SECRET}
        token = (Parameter("API_TOKEN", SECRET),)
        first = build(world, 1, None, variables=sent, parameters=token)
        confirm(world, first)
        same = build(world, 2, None, variables=sent, parameters=token)
        other = build(world, 3, None, variables=sent | {"DB_PASSWORD": "other"}, parameters=token)
        build(world, 4, None, variables=sent, environment="NOT A SLUG", parameters=token)
        world.deliver()
    assert changed(same) == {"DB_HOST": False, "DB_PASSWORD": False, "API_TOKEN": False}
    assert changed(other) == {"DB_HOST": False, "DB_PASSWORD": True, "API_TOKEN": False}
    dump = b"".join(encode(record) for record in world.store._records.values())
    for found in (dump.decode(), str(logs), str(world.messenger.told), str(world.source.notes), str(world.store.trail)):
        assert SECRET not in found
    assert SECRET.encode() not in base64.urlsafe_b64decode(world.source.receipts[0].split(".")[1] + "==")
