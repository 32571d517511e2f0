"""Sealing anew under the first key, while codes are used (attack rows 37, 38, 40)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import policy, rule
from desk_world import World
from fakes import KEYS
from jenkins_mfa.core import seal
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import State
from jenkins_mfa.errors import StoreConflictError, UnknownKeyError
from jenkins_mfa.usecases import loss, seals

OLD, NEW = ("v1", b"v" * 32), ("v2", b"w" * 32)


def keyed(world: World, *keys: tuple[str, bytes]) -> World:
    """The same with those keys in the vault's file."""
    ring = seal.KeyRing(keys)
    world.desk = replace(world.desk, keys=Keys(KEYS.installation, KEYS.signing, ring, KEYS.mac_key))
    world.answers = replace(world.answers, desk=world.desk)
    return world


def enrolled(*people: str) -> World:
    """Their authenticators are sealed with the old key; a new one stands before it."""
    world = World(rules=policy(rule()))
    world.enrol(*people)
    return keyed(world, NEW, OLD)


def kids(world: World, person: str) -> list[str]:
    return [seal.kid_of(one.sealed) for one in world.store.person(person).authenticators]


def test_after_a_rotation_codes_count_without_the_old_key() -> None:
    """No downtime and no new enrolment; each step burns as before."""
    world = enrolled("alice", "bob")
    assert seals.in_use(world.store) == {"v1": ["alice", "bob"]}
    done = seals.rotate(world.desk)
    assert (done.authenticators, done.people, done.left) == (2, 2, {})
    assert seals.in_use(world.store) == {"v2": ["alice", "bob"]}
    keyed(world, NEW)
    world.open()
    assert world.code("alice").gate.state is State.APPROVED


def test_a_second_rotation_has_nothing_to_do() -> None:
    """It may be called again after an interruption, and writes nobody's record then."""
    world = enrolled("alice")
    seals.rotate(world.desk)
    version = world.store.person("alice").version
    assert seals.rotate(world.desk).authenticators == 0
    assert world.store.person("alice").version == version


def test_a_code_that_is_used_meanwhile_stays_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """S1: sealing anew compares and sets; it never puts an older record back."""
    world = enrolled("alice")
    commit, raced = world.store.commit, []

    def overtaken(given: object) -> None:
        if not raced:
            raced.append(1)
            record = world.store.person("alice")
            used = replace(record.authenticators[0], last_step=record.authenticators[0].last_step + 7)
            world.store.put(replace(record, version=record.version + 1, authenticators=(used,)))
            raise StoreConflictError("somebody else was first")
        commit(given)  # type: ignore[arg-type]

    before = world.store.person("alice").authenticators[0].last_step
    monkeypatch.setattr(world.store, "commit", overtaken)
    seals.rotate(world.desk)
    assert world.store.person("alice").authenticators[0].last_step == before + 7
    assert kids(world, "alice") == ["v2"]


def test_what_does_not_open_is_left_and_named() -> None:
    """Attack row 38: another's sealed record put on a person is not given our new seal."""
    world = enrolled("alice", "bob")
    mine, theirs = (world.store.person(one) for one in ("alice", "bob"))
    moved = replace(mine.authenticators[0], sealed=theirs.authenticators[0].sealed)
    world.store.put(replace(mine, authenticators=(moved,)))
    done = seals.rotate(world.desk)
    assert list(done.left) == ["alice"]
    assert (kids(world, "alice"), kids(world, "bob")) == (["v1"], ["v2"])
    assert seals.in_use(world.store) == {"v1": ["alice"], "v2": ["bob"]}


def test_a_missing_key_is_named_with_its_people_and_never_taken_for_nothing_enrolled() -> None:
    """Attack row 40."""
    world = keyed(enrolled("alice", "bob"), NEW)
    with pytest.raises(UnknownKeyError, match=r"does not hold: v1 \(of alice, bob\); mend: put those lines back"):
        seals.check(world.store, world.desk.keys.ring)
    keyed(world, NEW, OLD)
    seals.check(world.store, world.desk.keys.ring)


def test_what_is_switched_off_needs_no_key() -> None:
    """It never counts again, so an old key may go."""
    world = enrolled("alice")
    loss.lose(world.desk, "alice", "operator:root")
    assert seals.in_use(world.store) == {}
    assert seals.rotate(world.desk).authenticators == 0
