"""Sealing anew under the first key, while codes are used (attack rows 37, 38, 40)."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
import redis

from builders import policy, rule
from clock import Clock
from desk_world import World
from fakes import KEYS, desk
from jenkins_mfa.core import seal, totp
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import State
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import Refusal, SealError, StoreConflictError, UnknownKeyError
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.usecases import loss, seals, tickets
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.enrolment import Enrolment, OwnActs
from jenkins_mfa.wiring import SystemRandomness
from store_server import Server, new_store

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


def test_row_38_what_does_not_open_is_left_and_named() -> None:
    """Attack row 38: another's sealed record put on a person is not given our new seal."""
    world = enrolled("alice", "bob")
    mine, theirs = (world.store.person(one) for one in ("alice", "bob"))
    moved = replace(mine.authenticators[0], sealed=theirs.authenticators[0].sealed)
    world.store.put(replace(mine, authenticators=(moved,)))
    done = seals.rotate(world.desk)
    assert list(done.left) == ["alice"]
    assert (kids(world, "alice"), kids(world, "bob")) == (["v1"], ["v2"])
    assert seals.in_use(world.store) == {"v1": ["alice"], "v2": ["bob"]}


def test_row_40_a_missing_key_is_named_with_its_people_and_never_taken_for_nothing_enrolled() -> None:
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


# -- on a real store ---------------------------------------------------------------------------------------------------


def dump(client: redis.Redis, prefix: str) -> bytes:
    """All that the server holds of one store: names and values of every type."""
    found = []
    for key in client.scan_iter(f"{prefix}*"):
        match client.type(key):
            case b"hash":
                held = [part for pair in client.hgetall(key).items() for part in pair]
            case b"zset":
                held = client.zrange(key, 0, -1)
            case b"stream":
                held = [part for _, values in client.xrange(key) for pair in values.items() for part in pair]
            case b"string":
                held = [client.get(key)]
            case other:
                raise AssertionError(f"{key!r} is a {other!r}: read it, too")
        found += [key, *held]
    return b"\n".join(found)


def test_row_37_a_dump_of_the_store_opens_nothing(valkey: Server, clock: Clock) -> None:
    """While a seed is shown and once it counts: neither seed nor token stands there, nor what opens seals."""
    prefix = "{dumped}"
    here = replace(desk(new_store(valkey, clock, prefix)), randomness=SystemRandomness())
    page = Enrolment(here, WebAuthnKeys(RelyingParty.at("https://mfa.example.com"), "jenkins-mfa"))
    token, _ = tickets.make(here, tickets.For.ENROL, "bob", "alice")
    opened = tickets.turn_in(here, token).id
    OwnActs(here).vouch(opened, Who("chat:T1", "UBOB"), True, "tap")
    seed = page.show(opened)
    shown = dump(valkey.client(), prefix)
    made = page.prove(opened, totp.code_at(seed, here.store.now() // 1000))
    whole = shown + dump(valkey.client(), prefix)
    assert made.sealed.encode() in whole
    raw = base64.b32decode(seed)
    ours = [key for _, key in KEYS.ring.keys]
    for secret in (seed.encode(), raw, raw.hex().encode(), base64.b64encode(raw), token.encode(), *ours):
        assert secret not in whole
    other = seal.KeyRing((("v1", b"x" * 32),))
    with pytest.raises(SealError):
        seal.unseal(made.sealed, keys=other, person="bob", authenticator=made.id, kind="totp")
    with pytest.raises(Refusal, match="ticket_unknown"):
        tickets.turn_in(here, opened)
