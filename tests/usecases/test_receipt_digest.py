"""The receipt's digest: frozen at the claim, before anybody gets the receipt, and that of the one that is sent."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from builders import facts, policy, rule
from desk_world import World
from fakes import KEYS, FakeSource, request_text
from jenkins_mfa.core.keys import Keys, SigningKey
from jenkins_mfa.core.model import Claim, Entry, Factor, State
from jenkins_mfa.core.policy import Globs
from jenkins_mfa.core.policy.predicates import Texts
from jenkins_mfa.errors import SourceUnavailableError
from jenkins_mfa.usecases.claim import LEEWAY
from jenkins_mfa.usecases.ports import Paused

NEWER = SigningKey("k2", Ed25519PrivateKey.from_private_bytes(b"n" * 32), 0, 4_102_444_800)
BOTH = replace(KEYS, signing=(NEWER, *KEYS.signing))  #: the newest first, as from the files


class Plain(FakeSource):
    """Its pause is an input step of no library."""

    def pending(self) -> list[Paused]:
        return [replace(one, plain=True) for one in super().pending()]


def sha256(text: str) -> str:
    """In hexadecimal, as `sha256sum` prints it."""
    return hashlib.sha256(text.encode()).hexdigest()


def in_sending() -> World:
    """A gate whose claim is stored while its source is away; its build knows both keys, the agent only the older."""
    world = World(source=FakeSource(text=request_text(kids=["k1", "k2"])))
    world.open()
    world.tap("alice")
    world.source.answer_error = SourceUnavailableError("away")
    world.deliver()
    assert world.gate.state is State.SENDING
    return world


def restart(world: World, keys: Keys) -> None:
    """A new process with these keys, and a source that is back."""
    world.desk = replace(world.desk, keys=keys)
    world.source.answer_error = None
    world.clock.move(seconds=100)


def claimed(world: World) -> Claim:
    """The gate's claim."""
    assert world.gate.claim is not None
    return world.gate.claim


def told(world: World) -> Entry:
    """The trail's event of the claim."""
    (found,) = [entry for entry in world.store.entries(world.gate.jti) if entry.event == "gate:claimed"]
    return found


def test_the_digest_is_known_before_the_receipt_is_sent() -> None:
    """The trail has it while nothing has left yet; the receipt that then leaves has it."""
    world = in_sending()
    digest = claimed(world).receipt_sha256
    assert (told(world).details["receipt_sha256"], told(world).details["kid"]) == (digest, "k1")
    assert world.source.receipts == []
    restart(world, KEYS)
    world.deliver()
    (token,) = world.source.receipts
    assert sha256(token) == digest


@pytest.mark.parametrize("keys", [KEYS, BOTH], ids=["restarted", "with a newer key"])
def test_a_retry_after_a_restart_or_a_newer_key_sends_the_receipt_of_the_digest(keys: Keys) -> None:
    """A build that knows the newer key too would get another receipt, if the claim did not hold the key's name."""
    world = in_sending()
    before = claimed(world)
    restart(world, keys)
    world.deliver()
    assert world.gate.state is State.RESUMED
    (token,) = world.source.receipts
    assert (claimed(world), sha256(token)) == (before, before.receipt_sha256)
    assert world.verified(token).jti == world.gate.jti


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (replace(KEYS, signing=(NEWER,)), "key_ended"),
        (replace(BOTH, signing=(NEWER, replace(KEYS.signing[0], signs=False))), "key_ended"),
        (replace(KEYS, signing=(replace(NEWER, kid="k1"),)), "receipt_changed"),
        (replace(KEYS, installation="other"), "receipt_changed"),
    ],
    ids=["key taken away", "key revoked", "other key of the name", "installation renamed"],
)
def test_no_other_receipt_leaves_than_that_of_the_digest(keys: Keys, code: str) -> None:
    """Whatever would change it: nothing is sent, ops are told, and the gate expires with its claim."""
    world = in_sending()
    restart(world, keys)
    while world.clock.now() < (claimed(world).exp + LEEWAY) * 1000:
        world.deliver()
        assert world.source.sent == []
        world.clock.move(seconds=61)
    world.deliver()
    assert world.source.receipts == []
    assert world.gate.state is State.ABORTED
    (undelivered,) = [alert for alert in world.messenger.alerts if alert.code == "undelivered"]
    assert undelivered.values["reason"] == code


def test_the_receipt_itself_is_kept_nowhere() -> None:
    """S12: neither a record nor the trail nor the log has it, nor its signature; the digest leads nowhere back."""
    with capture_logs() as logs:
        world = in_sending()
        restart(world, KEYS)
        world.deliver()
    (token,) = world.source.receipts
    kept = f"{world.store.__dict__} {logs}"
    assert claimed(world).receipt_sha256 in kept
    assert not [piece for piece in token.split(".")[1:] if piece in kept]


def test_a_plain_pause_takes_no_receipt_and_has_no_digest() -> None:
    """Its claim and the trail say nothing of one."""
    selected = rule(factor=Factor.PUSH)
    rules = policy(replace(selected, when=Texts("plain_input", Globs(("Release",)))))
    source = Plain(text=b"Release?", known=facts(plain="Release"), pauses={"ref-1": "Release"})
    world = World(rules=rules, source=source)
    world.open()
    world.tap("alice")
    world.deliver()
    assert world.gate.state is State.RESUMED
    assert world.source.receipts == [""]
    assert (claimed(world).kid, claimed(world).receipt_sha256) == ("", "")
    assert not {"kid", "receipt_sha256"} & told(world).details.keys()
