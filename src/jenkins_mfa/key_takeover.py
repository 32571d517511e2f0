"""The agent's own keys and certificate, taken over from their files while it runs."""

from __future__ import annotations

from pathlib import Path

from jenkins_mfa import key_files, key_index
from jenkins_mfa.config import KeysConfig
from jenkins_mfa.takeover import Fresh, Takeover
from jenkins_mfa.usecases import receipt_keys, seals
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.web.certificate import Certificate


def vault(files: KeysConfig, desk: Desk) -> Takeover:
    """The vault's keys: only with all that stored authenticators need."""

    def judge() -> Fresh | None:
        ring = key_files.vault(files)
        seals.check(desk.store, ring)
        if ring == desk.keys.ring:
            return None

        def hold() -> None:
            desk.keys.ring = ring

        return Fresh(hold, {"kid": ", ".join(ring.kids)})

    return Takeover("the vault's keys", "vault_refused", lambda: [files.vault_file], judge, desk)


def receipts(files: KeysConfig, desk: Desk) -> Takeover:
    """The receipt keys. One that is revoked there is out of use at once, whatever else the files hold."""

    def paths() -> list[Path]:
        return [files.dir / key_index.INDEX, *sorted(files.dir.glob("k*.pem"))]

    def judge() -> Fresh | None:
        desk.keys.revoked.update(key_files.revoked(files))
        found = key_files.receipt_keys(files)
        receipt_keys.note(desk, [key.kid for key in found])
        if receipt_keys.same(found, desk.keys.signing):
            return None

        def hold() -> None:
            desk.keys.signing = found

        return Fresh(hold, {"kid": ", ".join(key.kid for key in found)})

    return Takeover("the receipt keys", "keys_refused", paths, judge, desk)


def pages(certificate: Certificate, desk: Desk) -> Takeover:
    """The certificate of the agent's pages."""

    def judge() -> Fresh | None:
        return Fresh(certificate.hold) if certificate.renewed() else None

    return Takeover("the pages' certificate", "certificate_refused", lambda: certificate.files, judge, desk)
