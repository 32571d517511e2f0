"""What is signed, sealed or proves something: receipts, checkpoints, the trail, evidence, seals, key sets, codes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from fuzz_kit import target

import checkpoint_kit
import evidence_kit
import security_keys_kit
from builders import NOW
from clock import Clock
from desk_world import World
from fakes import KEYS, SIGNING, code_of, request_text, seed_of
from jenkins_mfa.archive.lines import line
from jenkins_mfa.core import (
    audit,
    audit_evidence,
    base64url,
    chain,
    checkpoint,
    evidence,
    receipt_form,
    receipt_pass,
    redemption,
    request,
    seal,
    signing_keys,
    strict_json,
    totp,
)
from jenkins_mfa.core.checkpoint import Change, Checkpoint
from jenkins_mfa.core.model import Entry
from jenkins_mfa.errors import ConfigError, EvidenceError, SealError, UnknownKeyError, UntrustedInputError
from jenkins_mfa.store.trail import link

VECTORS = Path(__file__).parents[1] / "vectors"
RECEIPTS = json.loads((VECTORS / "receipts.json").read_text())
PINNED = receipt_form.pinned({"k1": SIGNING.public_key()})
MAKERS = receipt_form.pinned({kid: signing_keys.public_from_spki(one["spki"]) for kid, one in RECEIPTS["keys"].items()})
CHECKPOINTS = checkpoint_kit.keys()
ANYTHING = receipt_pass.Expected()
PLACE = {"person": "alice", "authenticator": "a_1", "kind": "totp"}
HEX = "0" * 64


def text(data: bytes) -> str:
    """Bytes as a text of any characters: what a parser of text is given by whoever has decoded them already."""
    return data.decode(errors="surrogateescape")


def requests() -> Iterator[bytes]:
    yield request_text()
    for case in json.loads((VECTORS / "requests.json").read_text()):
        if case["valid"]:
            yield case["text"].encode()


@target(UntrustedInputError, seeds=lambda: [b'{"a": [1, "b", null, true, {}, 1.5]}', b'"\\u00e9"', b"[[[[]]]]"])
def strict(data: bytes) -> object:
    """The one parser of JSON from outside; what it takes, the standard library reads alike."""
    found = strict_json.parse(data, place="it", max_bytes=1 << 16, max_depth=8, floats=True)
    assert found == json.loads(data)
    return found


@target(UntrustedInputError, seeds=requests)
def gate_request(data: bytes) -> object:
    """MFA_REQUEST: what it says of itself is what was shown, whatever is hidden of it."""
    found = request.parse(data)
    shown = [request.claims_of(found), request.without_number(found), request.shown_request(found)]
    hidden = request.hiding(data, [name for name, _ in found.variables])
    return [*shown, hidden]


def right_claims() -> dict[str, object]:
    given = RECEIPTS["cases"][0]["receipt"].split(".")[1]
    return dict(json.loads(base64url.decode(given)))


@target(UntrustedInputError, seeds=lambda: [case["receipt"].encode() for case in RECEIPTS["cases"] if case["receipt"]])
def receipt_token(data: bytes) -> object:
    """A receipt as consumers present it, good for its form or not."""
    return _received(text(data), MAKERS)


@target(UntrustedInputError, seeds=lambda: [json.dumps(right_claims()).encode()])
def receipt_claims(data: bytes) -> object:
    """Claims that are signed by one of the pinned keys: what stands behind the signature."""
    return _received(receipt_form._JWS.encode(data, SIGNING, "EdDSA", {"kid": "k1", "typ": receipt_form.TYPE}), PINNED)


def _received(token: str, pinned: receipt_form.Keys) -> object:
    keys: dict[str, Any] = {"keys": pinned, "issuer": "mfa:example"}
    expected = replace(ANYTHING, environment="production", factor="totp", quorum=2)
    found = receipt_pass.opened(token, **keys)
    receipt_pass.check(found, ANYTHING)
    receipt_pass.check_times(found, found.iat, leeway=30)
    return receipt_pass.verify(token, **keys, expected=expected, now=found.iat)


@target(
    UntrustedInputError,
    seeds=lambda: [
        json.dumps({"v": 1, "receipt": "a.b.c", "token": "t" * 22, "for": {"source": "main", "run": "1"}}).encode()
    ],
)
def consumer_request(data: bytes) -> object:
    """What a consumer posts to redeem a receipt."""
    return redemption.parse(data)


@target(UntrustedInputError, seeds=lambda: [json.dumps(signing_keys.jwks({"k1": SIGNING.public_key()})).encode()])
def key_set(data: bytes) -> object:
    """A JSON Web Key Set; what it holds is written and read back."""
    found = signing_keys.public_from_jwks(data)
    again = signing_keys.public_from_jwks(json.dumps(signing_keys.jwks(found)).encode())
    assert again.keys() == found.keys()
    return found


@target(UntrustedInputError, seeds=lambda: [signing_keys.private_pem(SIGNING)])
def key_pem(data: bytes) -> object:
    """A private key's file."""
    return signing_keys.private_from_pem(data)


@target(UntrustedInputError, seeds=lambda: [signing_keys.spki(SIGNING.public_key()).encode()])
def key_spki(data: bytes) -> object:
    """A public key in base64."""
    return signing_keys.public_from_spki(text(data))


@target(ConfigError, seeds=lambda: [b"v1:" + b"A" * 43 + b"=\nv2:" + b"B" * 43 + b"=\n"])
def vault_keys(data: bytes) -> object:
    """The vault's key file."""
    return seal.KeyRing.parse(text(data), place="vault.key")


@target(SealError, UnknownKeyError, seeds=lambda: [_sealed()])
def vault_record(data: bytes) -> object:
    """A sealed seed or key, as it stands in the store."""
    seal.kid_of(text(data))
    return seal.unseal(text(data), keys=KEYS.ring, **PLACE)


def _sealed() -> bytes:
    return seal.seal(b"secret", keys=KEYS.ring, nonce=b"n" * 12, **PLACE).encode()


@target(UntrustedInputError, seeds=lambda: [_checkpoint(), _checkpoint(rollback=True)])
def checkpoint_token(data: bytes) -> object:
    """A checkpoint out of its file, or out of the store."""
    checkpoint.peek(text(data))
    return checkpoint.verify(text(data), CHECKPOINTS, "")


@target(UntrustedInputError, seeds=lambda: [base64url.decode(_checkpoint().decode().split(".")[1])])
def checkpoint_claims(data: bytes) -> object:
    """Claims that are signed by the key of checkpoints."""
    headers = {"kid": checkpoint.kid(next(iter(CHECKPOINTS.public.values()))), "typ": checkpoint.TYPE}
    token = receipt_form._JWS.encode(data, CHECKPOINTS.private, "EdDSA", headers)
    found = checkpoint.verify(token, CHECKPOINTS, "")
    assert checkpoint.peek(token) == found.place
    kept = checkpoint.Kept.of([found, found])
    return [kept, checkpoint.thinned([found]), checkpoint.since_rollback([found])]


def _checkpoint(**values: bool) -> bytes:
    change = Change(4, NOW, "authenticator:revoked", "alice", "a_1")
    return checkpoint.sign(Checkpoint("test", 5, HEX, NOW, (change,), **values), CHECKPOINTS).encode()


def events() -> list[Entry]:
    """One event of each kind that a day leaves, and those in which keys have signed."""
    world = World()
    world.enrol("alice")
    world.open()
    world.tap("alice")
    world.deny("carol")
    told = [linked.entry for linked in world.store.trail]
    return [*told, *evidence_kit.TRAIL, *evidence_kit.ACTS.values()]


@target(UntrustedInputError, seeds=lambda: [linked.raw for linked in link(chain.Head(0, ""), events())])
def trail_event(data: bytes) -> object:
    """One event as it is stored: both ways to read it take the same bytes."""
    seq = chain.sequence(data)
    try:
        event = audit.decode(data)
    except UntrustedInputError:
        assert seq is None
        raise
    assert (seq, chain.entry_of(data).event) == (event.seq, event.name)
    return event


@target(seeds=lambda: [b"".join(line(x.raw, x.hash) for x in link(chain.Head(0, ""), events()))])
def trail_chain(data: bytes) -> object:
    """A trail that somebody hands over: it holds, or one event of it is named."""
    from jenkins_mfa.archive.lines import parse

    pairs = [parse(one) for one in data.split(b"\n") if one]
    found = chain.verify_chain(pairs)
    entries = [(chain.sequence(raw) or 0, chain.entry_of(raw)) for raw, _ in pairs if chain.sequence(raw) is not None]
    return [found, list(audit_evidence.examine(entries, evidence_kit.SITE))]


def signed() -> Iterable[bytes]:
    yield evidence_kit.signed().encode()
    yield evidence_kit.signed(security_keys_kit.ACT).encode()


@target(EvidenceError, seeds=signed)
def key_evidence(data: bytes) -> object:
    """What a key has signed, as the trail keeps it."""
    found = evidence.decode(data)
    evidence.verify(found)
    return found


@target(totp.CodeRefusedError, seeds=lambda: [code_of("alice", Clock()).encode()])
def totp_code(data: bytes) -> object:
    """A code as somebody typed it."""
    return totp.judge(seed=seed_of("alice"), code=text(data), now=Clock().now() // 1000, last_step=0)


@target(ValueError, seeds=lambda: [seed_of("alice").encode()])
def totp_seed(data: bytes) -> object:
    """A seed as the vault opened it, or an operator typed it."""
    return totp.code_at(text(data), NOW // 1000)


@target(ValueError, seeds=lambda: [b"", b"AA", b"AAE", b"AAEC", b"-_-_"])
def base64_text(data: bytes) -> object:
    """Base64url: one spelling for each value."""
    found = base64url.decode(text(data))
    assert base64url.encode(found) == text(data)
    return found
