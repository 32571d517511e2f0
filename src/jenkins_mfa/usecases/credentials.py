"""Security keys as they are kept: sealed in their person's record, and named by the digest of their id, once."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import msgspec

from jenkins_mfa.core import seal
from jenkins_mfa.core.credential import Credential, Registration
from jenkins_mfa.core.model import Authenticator, CredentialRecord, Factor, PersonRecord
from jenkins_mfa.errors import Refusal, SealError, UnknownKeyError
from jenkins_mfa.usecases.desk import Desk, whole


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
        return msgspec.json.decode(raw, type=Credential)
    except (SealError, UnknownKeyError, msgspec.DecodeError):
        raise Refusal("authenticator_damaged") from None


def keys_of(record: PersonRecord) -> tuple[Authenticator, ...]:
    """The security keys that a person can use, the one that was used last first."""
    found = [one for one in record.authenticators if one.kind is Factor.WEBAUTHN and one.usable]
    return tuple(sorted(found, key=lambda one: -one.last_used))


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
