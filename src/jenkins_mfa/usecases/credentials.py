"""Security keys as they are kept: sealed in their person's record, and named by the digest of their id, once."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace

import msgspec

from jenkins_mfa import shapes
from jenkins_mfa.core import evidence, seal
from jenkins_mfa.core.assertion import Assertion
from jenkins_mfa.core.audit import MAX_VALUE
from jenkins_mfa.core.binding import Binding
from jenkins_mfa.core.credential import Credential, Registration
from jenkins_mfa.core.evidence import Evidence
from jenkins_mfa.core.model import Authenticator, CredentialRecord, Factor, PersonRecord
from jenkins_mfa.errors import CounterError, EvidenceError, Refusal, SealError, UnknownKeyError
from jenkins_mfa.usecases import loss
from jenkins_mfa.usecases.desk import Desk, whole
from jenkins_mfa.usecases.security_keys import SecurityKeys


def record_id(credential_id: bytes) -> str:
    """The id of a credential's own record."""
    return hashlib.sha256(credential_id).hexdigest()


def fresh(
    desk: Desk, person: str, made: Registration, now: int, *, by: str = "", label: str = ""
) -> tuple[Authenticator, CredentialRecord]:
    """A new authenticator with its credential sealed (S19), and the record that keeps its id from being used twice.

    Both are to be committed together; the second one's version makes a credential that somebody has a conflict.
    """
    authenticator_id = f"a_{desk.randomness.hex(8)}"
    sealed = seal.seal(
        msgspec.json.encode(made.credential),
        keys=desk.keys.ring,
        nonce=desk.randomness.bytes(seal.NONCE_BYTES),
        person=person,
        authenticator=authenticator_id,
        kind=Factor.WEBAUTHN.value,
    )
    key = Authenticator(
        authenticator_id, Factor.WEBAUTHN, sealed, since=now, last_used=now, by=by, count=made.counter, label=label
    )
    return key, CredentialRecord(record_id(made.credential.id), 1, person, authenticator_id)


def of(desk: Desk, person: str, key: Authenticator) -> Credential:
    """The credential of an authenticator, unsealed. One that was moved, changed or damaged is refused (S19)."""
    try:
        raw = seal.unseal(
            key.sealed, keys=desk.keys.ring, person=person, authenticator=key.id, kind=Factor.WEBAUTHN.value
        )
        return shapes.decode(raw, Credential)
    except (SealError, UnknownKeyError, msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refusal("authenticator_damaged") from None


def counting(desk: Desk, person: str, key: Authenticator) -> Credential:
    """The same, where it counts: of a model that the policy names, proved when it was registered, if it names any."""
    found, models = of(desk, person, key), desk.policy.key_models
    if models and not (found.attested and found.aaguid in models):
        raise Refusal("key_model")
    return found


def keys_of(record: PersonRecord) -> tuple[Authenticator, ...]:
    """The security keys that a person can use, the one that was used last first."""
    found = [one for one in record.authenticators if one.kind is Factor.WEBAUTHN and one.usable]
    return tuple(sorted(found, key=lambda one: -one.last_used))


def key_of(record: PersonRecord, key_id: str) -> Authenticator:
    """The one of these with that id. Raises Refusal where there is none."""
    found = next((one for one in keys_of(record) if one.id == key_id), None)
    if found is None:
        waits = any(one.id == key_id and one.waits for one in record.authenticators)
        raise Refusal("authenticator_waits" if waits else "no_key")
    return found


def judged(
    desk: Desk, keys: SecurityKeys, binding: Binding, record: PersonRecord, key: Authenticator, body: bytes, now: int
) -> Assertion:
    """What the person's key has signed for `binding`. Raises Refusal; a key that may have been copied is suspended
    before that is told (S7).
    """
    try:
        return keys.verify_assertion(body, binding, of(desk, record.person, key), key.count, now)
    except CounterError:
        with suppress(Refusal):  # somebody else was first
            loss.copied(desk, record.person, key.id)
        raise Refusal("key_copied") from None
    except EvidenceError as error:
        raise Refusal("key_refused", {"problem": error.reason}) from None


def evidence_of(binding: Binding, proved: Assertion) -> str:
    """What the trail keeps of it, so that it can be verified again. Raises Refusal for more than the trail takes."""
    kept = evidence.encode(Evidence(binding, proved.proof))
    if len(kept) > MAX_VALUE:
        raise Refusal("key_refused", {"problem": "too_long"})
    return kept


def record_of(desk: Desk, person: str) -> PersonRecord:
    """The person's record. A damaged one may hide a suspension or a consumed question: no key counts then."""
    record = whole(desk, lambda: desk.store.person(person))
    if record is None:
        raise Refusal("authenticator_damaged")
    return record


def used(record: PersonRecord, key: Authenticator, counter: int, now: int) -> PersonRecord:
    """The record after a good answer: the key's counter and when it was used."""
    after = replace(key, count=counter, last_used=now)
    return replace(
        record,
        version=record.version + 1,
        authenticators=tuple(after if one.id == key.id else one for one in record.authenticators),
    )
