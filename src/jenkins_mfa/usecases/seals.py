"""Which keys the stored authenticators are sealed with, and sealing them anew under the vault's first key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from jenkins_mfa.core import seal
from jenkins_mfa.core.model import Authenticator, Commit, Entry
from jenkins_mfa.errors import DamagedError, SealError, UnknownKeyError
from jenkins_mfa.usecases.desk import Desk, commit_id, decide
from jenkins_mfa.usecases.ports import Store


@dataclass
class Rotated:
    """How many authenticators of how many people were sealed anew, and which could not be: person → why."""

    authenticators: int = 0
    people: int = 0
    left: dict[str, str] = field(default_factory=dict)


def in_use(store: Store) -> dict[str, list[str]]:
    """Each key by whom: kid → roster ids of those who have an authenticator in use that is sealed with it.

    Damaged records are left out: they open with no key.
    """
    found: dict[str, list[str]] = {}
    for person in sorted(store.people()):
        try:
            record = store.person(person)
        except DamagedError:
            continue
        for kid in sorted({seal.kid_of(one.sealed) for one in record.authenticators if not one.ended} - {""}):
            found.setdefault(kid, []).append(person)
    return found


def check(store: Store, ring: seal.KeyRing) -> None:
    """Raises UnknownKeyError where an authenticator in use is sealed with a key that is not there: the operator mends,
    and nobody is told that nothing is enrolled (S16).
    """
    missing = {kid: people for kid, people in in_use(store).items() if kid not in ring.kids}
    if missing:
        named = "; ".join(f"{kid} (of {', '.join(people)})" for kid, people in missing.items())
        raise UnknownKeyError(
            f"authenticators are sealed with keys that the vault's file does not hold: {named}; "
            "mend: put those lines back from a backup, after the first one"
        )


def rotate(desk: Desk) -> Rotated:
    """Seal every authenticator anew that another key than the first one seals. One person is one step, so whoever is
    interrupted calls it again. Raises StoreError.
    """
    done = Rotated()
    for person in sorted(desk.store.people()):
        try:
            count = decide(lambda person=person: _reseal(desk, person))  # type: ignore[misc]
        except (DamagedError, SealError, UnknownKeyError) as error:
            done.left[person] = str(error)
            continue
        done.authenticators += count
        done.people += count > 0
    details: dict[str, str | int] = {"kid": desk.keys.ring.kids[0], "people": str(done.people)}
    entry = Entry("key:rotated", desk.store.now(), "operator", details=details)
    desk.store.commit(Commit(commit_id("rotated", desk.randomness.hex(8)), (), (entry,)))
    return done


def _reseal(desk: Desk, person: str) -> int:
    """How many of a person's authenticators were sealed anew."""
    record = desk.store.person(person)
    old = [one for one in record.authenticators if not one.ended and seal.kid_of(one.sealed) != desk.keys.ring.kids[0]]
    if not old:
        return 0
    fresh = {one.id: _anew(desk, person, one) for one in old}
    after = replace(
        record,
        version=record.version + 1,
        authenticators=tuple(fresh.get(one.id, one) for one in record.authenticators),
    )
    desk.store.commit(Commit(commit_id("resealed", person, desk.randomness.hex(8)), (after,)))
    return len(old)


def _anew(desk: Desk, person: str, one: Authenticator) -> Authenticator:
    place = {"person": person, "authenticator": one.id, "kind": one.kind.value}
    ring = desk.keys.ring
    plain = seal.unseal(one.sealed, keys=ring, **place)
    return replace(one, sealed=seal.seal(plain, keys=ring, nonce=desk.randomness.bytes(seal.NONCE_BYTES), **place))
