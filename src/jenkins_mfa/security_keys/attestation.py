"""What a new credential brings: its id, its key, and what vouches for the authenticator's model.

Without attestation a model (AAGUID) is only claimed, and browsers that were asked for none blank it. So there is no
list of models that are believed by their name: where models are demanded, a certificate under one of the configured
roots must vouch for them; where they are not, nothing is asked and nothing is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from webauthn.helpers import parse_cbor

from jenkins_mfa.core.assertion import HEAD_BYTES, AuthenticatorData, check_authenticator_data
from jenkins_mfa.core.credential import ID_BYTES
from jenkins_mfa.errors import EvidenceError
from jenkins_mfa.security_keys import cbor_form

AAGUID_BYTES = 16
MODEL = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")  #: id-fido-gen-ce-aaguid (WebAuthn L3, 8.2.1)


@dataclass(frozen=True, slots=True)
class Models:
    """The models that are let in (AAGUIDs as `8-4-4-4-12` in lower case) and their makers' root certificates (PEM).

    Raises ValueError where one of them is missing: a list without roots would be believed on its word.
    """

    aaguids: frozenset[str]
    roots: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.aaguids or not self.roots:
            raise ValueError("models need AAGUIDs and the root certificates that vouch for them")


def roots_of(pem: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM file, each by itself. Raises ValueError where there is none."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except x509.InvalidVersion as error:  # the one error there that is no ValueError
        raise ValueError(str(error)) from None
    return tuple(one.public_bytes(Encoding.PEM) for one in found)


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation object, taken apart. Nothing of it is verified but RP id and flags."""

    data: AuthenticatorData
    aaguid: bytes
    id: bytes
    form: str
    statement: Mapping[str, object]


def take_apart(raw: bytes, rp_id: str) -> Attested:
    """The parts of an attestation object for `rp_id`. Raises EvidenceError, or ValueError for what is damaged."""
    if cbor_form.end_of(raw) != len(raw):
        raise ValueError("more than an attestation object")
    found = parse_cbor(raw)
    form, statement, data = found["fmt"], found["attStmt"], found["authData"]
    if not (isinstance(form, str) and isinstance(statement, dict) and isinstance(data, bytes)):
        raise TypeError("an attestation object of other parts")
    said = check_authenticator_data(data, rp_id)
    at = HEAD_BYTES + AAGUID_BYTES + 2
    size = int.from_bytes(data[at - 2 : at])
    if not said.has_key or len(data) < at + size:
        raise ValueError("no credential in it")
    if not ID_BYTES[0] <= size <= ID_BYTES[1]:
        raise EvidenceError("credential_id", f"has an id of {size} bytes; {ID_BYTES[0]} to {ID_BYTES[1]} are taken")
    end = cbor_form.end_of(data, at + size)
    end = cbor_form.end_of(data, end) if said.has_extensions else end
    if end != len(data):
        raise ValueError("more than a credential and its extensions")
    return Attested(said, data[HEAD_BYTES : at - 2], data[at : at + size], form, statement)


def check_model(attested: Attested, models: Models | None) -> bool:
    """Whether the statement vouches for the model, once the library has verified its signature and chain.

    Raises EvidenceError where models are demanded and this is none of them or not vouched for; and for certificates
    that nobody asked for, since there is no root to check them with.
    """
    chain = attested.statement.get("x5c")
    if models is None:
        if attested.form not in {"none", "packed"} or chain is not None:
            raise EvidenceError("attestation", "brings an attestation that was not asked for")
        return False
    if attested.form != "packed" or not isinstance(chain, list) or not chain:
        raise EvidenceError("attestation", "comes without a certificate of its model, which the policy demands")
    named = x509.load_der_x509_certificate(chain[0]).extensions.get_extension_for_oid(MODEL).value
    octets = b"\x04\x10" + attested.aaguid  # DER: an OCTET STRING of 16 bytes
    if not isinstance(named, x509.UnrecognizedExtension) or named.value != octets:
        raise EvidenceError("attestation", "has a certificate of another model")
    if str(UUID(bytes=attested.aaguid)) not in models.aaguids:
        raise EvidenceError("model", "is of a model that the policy does not name")
    return True
