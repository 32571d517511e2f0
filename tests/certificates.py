"""A maker's root and the certificates of its models, as WebAuthn L3, 8.2.1 wants them."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jenkins_mfa.security_keys.attestation import MODEL

BEGIN = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2125, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Maker:
    """A root certificate and its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str = "Example Keys Root") -> Maker:
        """One that nobody trusts yet."""
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, _certificate(name, name, key.public_key(), key, x509.BasicConstraints(True, None)))

    @property
    def pem(self) -> bytes:
        """For the configuration."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def strange(self) -> bytes:
        """The same in PEM, but of a version of X.509 that there is not."""
        body = self.certificate.public_bytes(serialization.Encoding.DER)
        text = base64.encodebytes(body.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x12", 1)).decode()
        return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n".encode()

    def host(self, name: str, until: datetime.datetime = END) -> tuple[bytes, bytes]:
        """A host's key and certificate, in PEM, which ends `until`."""
        key, issuer = ec.generate_private_key(ec.SECP256R1()), self.certificate.subject.rfc4514_string().split("=")[1]
        named = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = _certificate(
            name, issuer, key.public_key(), self.key, x509.BasicConstraints(False, None), named, until=until
        )
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        private = key.private_bytes(serialization.Encoding.PEM, form, plain)
        return private, made.public_bytes(serialization.Encoding.PEM)

    def model(self, aaguid: bytes | None) -> tuple[ec.EllipticCurvePrivateKey, tuple[bytes, ...]]:
        """A key that attests, and its chain; `aaguid` stands in the certificate if there is one."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = None if aaguid is None else x509.UnrecognizedExtension(MODEL, b"\x04\x10" + aaguid)
        leaf = _certificate(
            "Example Key", "Example Keys Root", key.public_key(), self.key, x509.BasicConstraints(False, None), named
        )
        return key, (leaf.public_bytes(serialization.Encoding.DER),)


def _certificate(
    name: str,
    issuer: str,
    public: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType | None,
    until: datetime.datetime = END,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(until)
    )
    for extension in extensions:
        if extension is not None:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signer, hashes.SHA256())
