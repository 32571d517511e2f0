"""WebAuthn ceremonies: options for the page, and what comes back from it, judged (S7; WebAuthn L3, 7.1 and 7.2).

py_webauthn does the standard's steps. What it leaves to its callers is here, and in core/assertion.py, where auditors
use it too. Whatever goes wrong is one refusal. The caller has the challenge consumed before it comes here, and takes
`credential` from the record of the person who is bound: a signature alone does not say who somebody is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import webauthn
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography, options_to_json_dict
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import InvalidCertificateChain, InvalidRegistrationResponse
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from jenkins_mfa.core.assertion import CREATE, HEAD_BYTES, Assertion, Proof, check_client_data, check_proof
from jenkins_mfa.core.binding import ActBinding, Binding, Purpose
from jenkins_mfa.core.credential import Algorithm, Credential, Registration, load_key, spki_of
from jenkins_mfa.core.evidence import check_room
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import CounterError, EvidenceError
from jenkins_mfa.security_keys import answer, attestation
from jenkins_mfa.security_keys.attestation import Attested, Models
from jenkins_mfa.security_keys.cbor_form import end_of

ALGORITHMS = [COSEAlgorithmIdentifier(algorithm) for algorithm in Algorithm]
TRANSPORTS = {transport.value for transport in AuthenticatorTransport}
VERIFIED = UserVerificationRequirement.REQUIRED


class WebAuthnKeys:
    """The `SecurityKeys` port for one installation: `name` is what browsers call it. `models` tells to which models
    registrations are limited now, if they are (security_keys/attestation.py).
    """

    def __init__(self, party: RelyingParty, name: str, models: Callable[[], Models | None] = lambda: None) -> None:
        self._party, self._name, self._models = party, name, models

    def registration_options(self, binding: ActBinding, shown: str, known: Sequence[Credential]) -> dict[str, Any]:
        """PublicKeyCredentialCreationOptionsJSON."""
        asked = AttestationConveyancePreference.DIRECT if self._models() else AttestationConveyancePreference.NONE
        return options_to_json_dict(
            webauthn.generate_registration_options(
                rp_id=self._party.id,
                rp_name=self._name,
                user_id=self._party.user_handle(binding.person),
                user_name=binding.person,
                user_display_name=shown,
                challenge=binding.challenge,
                timeout=binding.expires - binding.issued,
                attestation=asked,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFIED
                ),
                exclude_credentials=[_descriptor(credential) for credential in known],
                supported_pub_key_algs=ALGORITHMS,
            )
        )

    def register(self, body: bytes, binding: ActBinding, now: int) -> Registration:
        """The credential that was made for `binding`. Raises EvidenceError."""
        with _one_refusal():
            _check_use(binding, now, registers=True)
            said = answer.read(body, "clientDataJSON", "attestationObject")
            client_data = said.parts["clientDataJSON"]
            check_client_data(client_data, ceremony=CREATE, challenge=binding.challenge, origin=self._party.origin)
            attested = attestation.take_apart(said.parts["attestationObject"], self._party.id)
            if said.id != attested.id:
                raise EvidenceError("credential_id", "names a credential that it did not make")
            # Before the library: other formats never reach their parsers, and only of "packed" the roots are given.
            models = self._models()
            vouched = attestation.check_model(attested, models)
            verified = webauthn.verify_registration_response(
                credential=said.json,
                expected_challenge=binding.challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
                pem_root_certs_bytes_by_fmt={AttestationFormat.PACKED: list(models.roots)} if models else None,
            )
            credential = self._credential(attested, vouched, verified.credential_public_key, said.transports)
            check_room(credential, binding.person, self._party.origin)
            return Registration(credential, attested.data.counter)

    def assertion_options(self, binding: Binding, credentials: Sequence[Credential]) -> dict[str, Any]:
        """PublicKeyCredentialRequestOptionsJSON."""
        usable = [_descriptor(one) for one in credentials if binding.credential in {b"", one.id}]
        if not usable:  # to browsers an empty list means: any credential
            raise ValueError("there is no credential to ask for")
        return options_to_json_dict(
            webauthn.generate_authentication_options(
                rp_id=self._party.id,
                challenge=binding.challenge,
                timeout=binding.expires - binding.issued,
                allow_credentials=usable,
                user_verification=VERIFIED,
            )
        )

    def claimed_id(self, body: bytes) -> bytes:
        """The credential id that the page names. Raises EvidenceError."""
        return answer.read(body).id

    def verify_assertion(
        self, body: bytes, binding: Binding, credential: Credential, counter: int, now: int
    ) -> Assertion:
        """The answer, if `credential` has signed `binding`. Raises EvidenceError, and CounterError among them."""
        with _one_refusal():
            _check_use(binding, now, registers=False)
            said = answer.read(body, "clientDataJSON", "authenticatorData", "signature")
            if {said.id, binding.credential or credential.id} != {credential.id}:
                raise EvidenceError("credential", "comes from another credential than the one that was asked")
            if said.user_handle not in {None, self._party.user_handle(binding.person)}:
                raise EvidenceError("user_handle", "comes from a credential of somebody else")
            proof = self._proof(said, credential)
            told = check_proof(proof, binding.challenge)
            _check_extensions(proof.authenticator_data)
            if told.backup_eligible != credential.backup_eligible:
                raise EvidenceError("backup", "contradicts its registration about being on several devices")
            webauthn.verify_authentication_response(
                credential=said.json,
                expected_challenge=binding.challenge,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                credential_public_key=credential.cose,
                credential_current_sign_count=0,  # looked at below: only of a good signature it says anything
                require_user_verification=True,
            )
        if (told.counter or counter) and told.counter <= counter:
            raise CounterError
        return Assertion(proof, told.counter, told.backed_up)

    def _credential(self, attested: Attested, vouched: bool, cose: bytes, transports: Sequence[str]) -> Credential:
        """What is kept, once the key is found to be one of those that are taken."""
        decoded = decode_credential_public_key(cose)
        spki = spki_of(decoded_public_key_to_cryptography(decoded))  # type: ignore[arg-type]
        load_key(spki, decoded.alg)
        return Credential(
            id=attested.id,
            spki=spki,
            cose=cose,
            alg=int(decoded.alg),
            rp_id=self._party.id,
            aaguid=str(UUID(bytes=attested.aaguid)),
            attested=vouched,
            backup_eligible=attested.data.backup_eligible,
            transports=tuple(sorted(TRANSPORTS.intersection(transports))),
        )

    def _proof(self, said: answer.Answer, credential: Credential) -> Proof:
        return Proof(
            client_data=said.parts["clientDataJSON"],
            authenticator_data=said.parts["authenticatorData"],
            signature=said.parts["signature"],
            alg=credential.alg,
            spki=credential.spki,
            rp_id=self._party.id,
            origin=self._party.origin,
        )


@contextmanager
def _one_refusal() -> Generator[None]:
    """EvidenceError for everything that py_webauthn and the decoders below it raise, foreseen by them or not."""
    try:
        yield
    except EvidenceError:
        raise
    except InvalidRegistrationResponse as error:
        if isinstance(error.__context__, InvalidCertificateChain):
            raise EvidenceError("root", "has a certificate of no maker that is known here") from error
        raise EvidenceError("refused", "is not one that a security key gives") from error
    except Exception as error:
        raise EvidenceError("refused", "is not one that a security key gives") from error


def _check_use(binding: Binding, now: int, *, registers: bool) -> None:
    if registers != (isinstance(binding, ActBinding) and binding.purpose is Purpose.REGISTER):
        raise EvidenceError("ceremony", "is used for something else than it was asked for")
    if now >= binding.expires:
        raise EvidenceError("expired", "came too late")


def _check_extensions(authenticator_data: bytes) -> None:
    """Even a key that signs well may write CBOR that keeps the decoder busy."""
    if authenticator_data[HEAD_BYTES:] and end_of(authenticator_data, HEAD_BYTES) != len(authenticator_data):
        raise ValueError("more than its extensions")


def _descriptor(credential: Credential) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(transport) for transport in credential.transports]
    return PublicKeyCredentialDescriptor(credential.id, transports=transports or None)
