"""`policy diff`: stored gates under two policies and the present roster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from builders import claims, facts, gate, rule
from builders import policy as policy_of
from cli_files import with_keys, write
from clock import Clock
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files
from jenkins_mfa.cli import main
from jenkins_mfa.core.model import Author, Commit, Entry, Gate, History, Run, Starter, Trigger
from jenkins_mfa.core.policy import Person, Roster
from jenkins_mfa.core.policy.compare import Kind
from jenkins_mfa.demo import files
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases.replay import EXAMPLES, replay
from store_server import Server

HOUR = 3_600_000

STRICTER = files.POLICY.replace('factor = "push", approvers', 'factor = "totp", approvers').replace(
    '[[rules]]\nname = "production"',
    '[[rules]]\nname = "robot"\nwhen = { pipeline = "nightly", only_triggers = "schedule" }\nconfirm = "none"\n\n'
    '[[rules]]\nname = "production"',
)


def past(number: int, pipeline: str, at: int, **values: object) -> Gate:
    """A gate that opened at `at`; dan started the build."""
    run = Run("main", "jenkins", pipeline, str(number), 1, "http://ci/")
    found = facts(run=run, starters=(Starter(Trigger.PERSON, "dev", "dan"),))
    made = gate(
        id=f"g_{number:032x}",
        external_ref=f"r{number}",
        run=run,
        facts=found,
        opened_at=at,
        history=History(at),
        claims=claims(environment="test"),
    )
    return replace(made, **values)  # type: ignore[arg-type]


@pytest.fixture
def config(tmp_path: Path, valkey: Server) -> Path:
    """The demo's configuration on a real store, and a stricter policy beside it."""
    path = with_keys(write(tmp_path / "conf", store=valkey.url))
    (path.parent / "new.toml").write_text(STRICTER)
    return path


@pytest.fixture
def store(config: Path) -> Iterator[RedisStore]:
    """What the agent would have written, with its own keys."""
    loaded = configuration.load(config)
    key = key_files.load(loaded.keys, loaded.installation).mac_key
    with client_for(loaded.store.url) as client:
        client.flushall()
        yield RedisStore(client, key, prefix=f"{{{loaded.store.prefix}}}")
        client.flushall()


def keep(store: RedisStore, *gates: Gate) -> None:
    """Put gates into the store."""
    for one in gates:
        opened = Entry("gate:opened", one.opened_at, "agent", one.jti)
        store.commit(Commit(f"open:{one.id}", (one,), (opened,)))


def diff(config: Path, *options: str) -> Result:
    """The command with both policies."""
    old, new = config, config.parent / "new.toml"
    arguments = [str(old.parent / "policy.toml"), str(new), "--config", str(config), *options]
    return CliRunner().invoke(main, ["policy", "diff", *arguments])


def test_where_two_policies_differ(config: Path, store: RedisStore) -> None:
    """Counts and examples by pipeline, kind and rule; older gates and those without claims are not in the sums."""
    now = store.now()
    nightly = past(4, "nightly", now - HOUR)
    robot = replace(nightly, facts=replace(nightly.facts, starters=(Starter(Trigger.SCHEDULE),)))
    keep(store, past(1, "deploy-staging", now - HOUR), past(2, "deploy-staging", now - 2 * HOUR), robot)
    keep(store, past(3, "deploy-prod", now - HOUR), past(5, "deploy-staging", now - 50 * HOUR))
    keep(store, past(6, "deploy-staging", now - HOUR, claims=None), past(7, "deploy-prod", now - HOUR))
    store._wire.client.hset(store._wire.key(f"gate:g_{7:032x}"), "seal", "0" * 64)

    document = json.loads(diff(config, "--since", "2d", "--json").output)
    assert [document[key] for key in ("gates", "differ", "unread", "damaged")] == [4, 3, 1, 1]
    assert document["rows"] == [
        {
            "pipeline": "deploy-staging",
            "kind": "stricter",
            "rules": ["staging"],
            "reason": None,
            "count": 2,
            "gates": [f"g_{1:032x}", f"g_{2:032x}"],
        },
        {
            "pipeline": "nightly",
            "kind": "passes",
            "rules": ["default", "robot"],
            "reason": None,
            "count": 1,
            "gates": [robot.id],
        },
    ]

    shown = diff(config, "--since", "2d")
    assert shown.exit_code == 0
    assert "stricter            2 gates  staging; such as g_" in shown.output
    assert ": 3 differ (1 passes, 2 stricter)." in shown.output
    assert shown.output.endswith("Left out: 1 whose request could not be read, 1 damaged.\n")


def test_a_policy_that_cannot_be_used_is_told(config: Path, store: RedisStore) -> None:
    """Exit 2 with its problems, as in all commands; a span that is none, too."""
    assert store.now()
    (config.parent / "new.toml").write_text(STRICTER.replace("confirm", "confirmed"))
    found = diff(config)
    assert found.exit_code == 2
    assert "new.toml line" in found.output
    assert diff(config, "--since", "soon").exit_code == 2


def test_people_are_those_of_the_present_roster(clock: Clock) -> None:
    """Whoever has left the roster since is a stranger now, and whoever came in is known: requesters and authors."""
    one = past(1, "deploy", clock.now())
    known = Person("dan", "Dan", (), {"jenkins:main": "dev", "git:email": "dan@example.com"})
    release = Person("alice", "Alice", ("release",), {"jenkins:main": "awu"})
    other = Person("bob", "Bob", ("release",), {"jenkins:main": "bray", "git:email": "bob@example.com"})
    strict, lax = policy_of(rule()), policy_of(rule(), strangers="same")
    here = Roster({p.id: p for p in (known, release, other)})
    assert replay([one], lax, strict, here, 0).differ == 0
    gone = Roster({p.id: p for p in (release, other)})
    (change,) = [change for _, change in replay([one], lax, strict, gone, 0).rows]
    assert (change.kind, change.rules) == (Kind.STRICTER, ("unknown requester",))
    authors = (Author("x", "BOB@example.com"), Author("awu"))
    written = replace(one, facts=replace(one.facts, authors=authors))
    careful = policy_of(rule(authors_may_approve=False))
    (change,) = [change for _, change in replay([written], strict, careful, here, 0).rows]
    assert (change.kind, change.reason) == (Kind.REFUSED, "too_few_people")


def test_only_the_newest_examples_are_kept(clock: Clock) -> None:
    """Sums grow, what is kept does not."""
    gates = [past(n, "deploy", clock.now() + n) for n in (3, 1, 5, 2, 4)]
    roster = Roster({"alice": Person("alice", "Alice", ("release",), {"x:y": "z"}), "dan": Person("dan", "D", (), {})})
    found = replay(iter(gates), policy_of(rule()), policy_of(rule(passes=True)), roster, 0)
    (row,) = found.rows.values()
    assert (row.count, len(row.newest)) == (5, EXAMPLES)
    assert [gate_id for _, gate_id in row.newest] == [gates[2].id, gates[4].id, gates[0].id]
