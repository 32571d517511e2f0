"""A security key and the browser before it, in software: they register and sign as real ones do, or lie as told.

It knows no more than a page does: the options as JSON, and the origin that the page was loaded from. Answers are those
of `PublicKeyCredential.toJSON()` (WebAuthn L3, 5.1). Honest browsers refuse what real ones refuse.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import cbor2

from jenkins_mfa.simulators.security_key_lies import HONEST, Lies
from jenkins_mfa.simulators.security_key_pairs import EDDSA, ES256, RS256, PrivateKey, cose, new_private, sign, spki

__all__ = ["EDDSA", "ES256", "HONEST", "RS256", "BrowserError", "Lies", "SecurityKey"]

Json = dict[str, Any]
UP, UV, BE, BS, AT = 1, 4, 8, 16, 64  #: flags of authenticator data (WebAuthn L3, 6.1)


class BrowserError(Exception):
    """What a browser tells the page, by the name of its DOMException; the server learns nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(slots=True)
class Held:
    """One credential in the key."""

    id: bytes
    rp_id: str
    user: bytes
    private: PrivateKey
    count: int


@dataclass(slots=True)
class SecurityKey:
    """One authenticator. `alg` is the only algorithm that it knows; `private` is used for all credentials if given.

    `counts` is false for passkeys, whose counter stays 0; `synced` sets "backup eligible" and "backed up". `attests` is
    how it vouches for its model: not at all, with the credential's own key, or with a certificate (`chain`, leaf first,
    DER) and that one's key.
    """

    alg: int = ES256
    private: PrivateKey | None = None
    verifies: bool = True
    counts: bool = True
    synced: bool = False
    aaguid: bytes = b"\0" * 16
    attests: Literal["none", "self", "certified"] = "none"
    chain: tuple[bytes, ...] = ()
    certified: PrivateKey | None = None
    transports: tuple[str, ...] = ("usb",)
    held: list[Held] = field(default_factory=list)

    def register(self, options: Json, origin: str, lies: Lies = HONEST) -> Json:
        """What `navigator.credentials.create` gives for these creation options. Raises BrowserError."""
        rp_id = self._site(options["rp"]["id"], origin, options["authenticatorSelection"]["userVerification"], lies)
        excluded = {one["id"] for one in options.get("excludeCredentials", [])}
        if any(_text(held.id) in excluded for held in self.held):
            raise BrowserError("InvalidStateError")
        if self.alg not in {one["alg"] for one in options["pubKeyCredParams"]} and not lies.any_algorithm:
            raise BrowserError("NotSupportedError")
        private = self.private or new_private(self.alg)
        made = Held(secrets.token_bytes(32), rp_id, _bytes(options["user"]["id"]), private, 0)
        self.held.append(made)
        client_data = _client_data("webauthn.create", options["challenge"], origin, lies)
        data = self._data(made, UP | AT, lies) + self._attested(made, lies)
        data = lies.authenticator_data if lies.authenticator_data is not None else data + lies.trailing
        response = {
            "clientDataJSON": _text(client_data),
            "attestationObject": _text(self._attestation(made, data, client_data, lies)),
            "transports": list(self.transports),
            "authenticatorData": _text(data),
            "publicKeyAlgorithm": self.alg,
            "publicKey": _text(spki(private)),
        }
        return _answer(made, response, lies)

    def sign(self, options: Json, origin: str, lies: Lies = HONEST) -> Json:
        """What `navigator.credentials.get` gives for these request options. Raises BrowserError."""
        rp_id = self._site(options["rpId"], origin, options["userVerification"], lies)
        allowed = {one["id"] for one in options.get("allowCredentials", [])}
        usable = [held for held in self.held if held.rp_id == rp_id and (not allowed or _text(held.id) in allowed)]
        if not usable:
            raise BrowserError("NotAllowedError")
        held = usable[-1]
        client_data = _client_data("webauthn.get", options["challenge"], origin, lies)
        data = self._data(held, UP, lies) + lies.trailing
        data = lies.authenticator_data if lies.authenticator_data is not None else data
        signature = sign(held.private, data + hashlib.sha256(client_data).digest())
        user = lies.user_handle if lies.user_handle is not None else held.user
        response = {
            "clientDataJSON": _text(client_data),
            "authenticatorData": _text(data),
            "signature": _text(lies.signature if lies.signature is not None else signature),
            **({"userHandle": _text(user)} if user else {}),
        }
        return _answer(held, response, lies)

    def _site(self, rp_id: str, origin: str, verification: str, lies: Lies) -> str:
        """A page speaks for its own host or a parent of it; a key without verification is of no use where it is due."""
        host = urlsplit(origin).hostname or ""
        if host != rp_id and not host.endswith("." + rp_id) and not lies.any_site:
            raise BrowserError("SecurityError")
        if verification == "required" and not self.verifies and not lies.flags_off & UV:
            raise BrowserError("NotAllowedError")
        return rp_id

    def _data(self, held: Held, flags: int, lies: Lies) -> bytes:
        """SHA-256 of the RP id, flags, counter."""
        held.count += self.counts
        flags |= (UV if self.verifies else 0) | (BE | BS if self.synced else 0)
        flags = (flags | lies.flags_on) & ~lies.flags_off
        count = lies.count if lies.count is not None else held.count
        return hashlib.sha256((lies.rp_id or held.rp_id).encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _attested(self, held: Held, lies: Lies) -> bytes:
        """AAGUID, id with its length, public key."""
        held.id = lies.attested_id if lies.attested_id is not None else held.id
        key = lies.cose if lies.cose is not None else cbor2.dumps(cose(held.private, self.alg), canonical=True)
        return self.aaguid + len(held.id).to_bytes(2) + held.id + key

    def _attestation(self, held: Held, data: bytes, client_data: bytes, lies: Lies) -> bytes:
        signer = self.certified if self.attests == "certified" else held.private
        form, statement = "none", dict[str, object]()
        if self.attests != "none" and signer is not None:
            signature = sign(signer, data + hashlib.sha256(client_data).digest())
            form, statement = "packed", {"alg": self.alg if self.attests == "self" else ES256, "sig": signature}
        if self.attests == "certified":
            statement["x5c"] = list(self.chain)
        form = lies.form or form
        statement = lies.statement if lies.statement is not None else statement
        whole = cbor2.dumps({"fmt": form, "attStmt": statement, "authData": data}, canonical=True)
        return lies.attestation_object if lies.attestation_object is not None else whole


def _client_data(ceremony: str, challenge: str, origin: str, lies: Lies) -> bytes:
    """The JSON that the browser writes and the key signs the digest of."""
    said: Json = {
        "type": lies.ceremony or ceremony,
        "challenge": challenge if lies.challenge is None else _text(lies.challenge),
        "origin": lies.origin or origin,
        "crossOrigin": False,
        **lies.said,
    }
    raw = json.dumps(said, separators=(",", ":")).encode()
    return lies.client_data if lies.client_data is not None else raw


def _answer(held: Held, response: Json, lies: Lies) -> Json:
    outer = lies.id if lies.id is not None else held.id
    return {
        "id": _text(outer),
        "rawId": _text(lies.raw_id if lies.raw_id is not None else outer),
        "type": "public-key",
        "authenticatorAttachment": "cross-platform",
        "clientExtensionResults": {},
        "response": response,
        **lies.answer,
    }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
