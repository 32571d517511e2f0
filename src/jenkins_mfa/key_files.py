"""Key files: receipt keys in a directory (one PEM each and keys.json), the vault's and the HMAC key beside it.

All of them are readable by their owner alone; start-up refuses otherwise (S16).
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jenkins_mfa import key_index
from jenkins_mfa.config import KeysConfig
from jenkins_mfa.core import checkpoint
from jenkins_mfa.core.checkpoint import CheckpointKeys
from jenkins_mfa.core.keys import Keys, SigningKey
from jenkins_mfa.core.seal import KeyRing
from jenkins_mfa.core.signing_keys import private_from_pem, private_pem
from jenkins_mfa.errors import ConfigError, JenkinsMfaError
from jenkins_mfa.failures import unread
from jenkins_mfa.key_index import RESTORE, REVOKED, SIGNS, Listed
from jenkins_mfa.secret_files import create, exposed

CHECKPOINT = "checkpoint.pem"  #: signs checkpoints; further `checkpoint-*.pem` only verify them
MAKE = "jenkins-mfa keys generate"
MAC_BYTES = 32  #: of the key that seals records
LIFE = 365 * 86400  #: seconds until a new receipt key's `not_after`


@dataclass(frozen=True, slots=True)
class Made:
    """The new receipt key's id, from when on it signs (Unix seconds), and the files that `generate` wrote."""

    kid: str
    signs_from: int
    files: tuple[Path, ...]


def generate(files: KeysConfig, now: int, wait: int = 0) -> Made:
    """Make one more receipt key, and those of checkpoints, vault and HMAC where they are missing. Nothing is
    overwritten.

    It signs after `wait` seconds, at the latest when the last one before it ends; at once where no other one signs.
    """
    files.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    index = key_index.read(files.dir)
    kid = f"k{1 + max((row.number for row in index), default=0)}"
    written = [create(files.dir / f"{kid}.pem", private_pem(Ed25519PrivateKey.generate()))]
    others = [row.not_after for row in index if row.state == SIGNS and now < row.not_after]
    signs_from = min(now + wait, max(others, default=now))
    key_index.write(files.dir, [*index, Listed(kid, now, now + LIFE, signs_from, SIGNS)])
    if not (files.dir / CHECKPOINT).exists():
        written.append(complete(files))
    if not files.vault_file.exists():
        line = f"v1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
        written.append(create(files.vault_file, line.encode()))
    if not files.hmac_file.exists():
        written.append(create(files.hmac_file, base64.b64encode(secrets.token_bytes(32)) + b"\n"))
    return Made(kid, signs_from, tuple(written))


def revoke(files: KeysConfig, kid: str, now: int) -> bool:
    """Take a receipt key out of use for good, its private half from the disk; whether that was to be done still. Where
    no other one is due, those that are left sign at once. Raises ConfigError where the files cannot be written.
    """
    index = key_index.read(files.dir)
    fresh = any(row.kid == kid and row.state != REVOKED for row in index)
    rows = [replace(row, state=REVOKED) if row.kid == kid else row for row in index]
    if not any(row.state == SIGNS and row.signs_from <= now < row.not_after for row in rows):
        rows = [replace(row, signs_from=min(row.signs_from, now)) if row.state == SIGNS else row for row in rows]
    try:
        key_index.write(files.dir, rows)
        (files.dir / f"{kid}.pem").unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError([f"{files.dir} cannot be written: {unread(error)}; mend: make it writable"]) from error
    return fresh


def complete(files: KeysConfig) -> Path:
    """Make the key of checkpoints where it is missing, as in installations of before there was one. Raises ConfigError
    where the directory cannot be written.
    """
    path = files.dir / CHECKPOINT
    try:
        return path if path.exists() else create(path, private_pem(Ed25519PrivateKey.generate()))
    except OSError as error:
        says = f"{path} is missing and cannot be written: {unread(error)}"
        raise ConfigError([f"{says}; mend: make {files.dir} writable once, or run {MAKE} elsewhere"]) from error


def load(files: KeysConfig, installation: str) -> Keys:
    """All keys, newest receipt key first. Raises ConfigError with everything that is missing, open or damaged."""
    if not key_index.read(files.dir) and not files.vault_file.exists() and not files.hmac_file.exists():
        raise ConfigError([f"there are no keys yet in {files.dir}; mend: {MAKE}"])
    problems: list[str] = []
    signing = _receipt_keys(files, problems)
    checkpoints = _checkpoints(files, problems)
    ring, mac_key = _ring(files.vault_file, problems), _mac_key(files.hmac_file, problems)
    if problems or ring is None:
        raise ConfigError(problems)
    return Keys(installation, signing, ring, mac_key, checkpoints, set(revoked(files)))


def receipt_keys(files: KeysConfig) -> tuple[SigningKey, ...]:
    """The receipt keys as they stand in their files now, newest first. Raises ConfigError."""
    problems: list[str] = []
    found = _receipt_keys(files, problems)
    if problems:
        raise ConfigError(problems)
    return found


def revoked(files: KeysConfig) -> frozenset[str]:
    """The kids of the receipt keys that were revoked. Raises ConfigError."""
    return frozenset(one.kid for one in key_index.read(files.dir) if one.state == REVOKED)


def _receipt_keys(files: KeysConfig, problems: list[str]) -> tuple[SigningKey, ...]:
    """Those that can be read. With all of them revoked there are none: then every gate is denied, and says why."""
    index, signing = key_index.read(files.dir), []
    for row in index:
        if row.state == REVOKED:
            continue
        pem = _read(files.dir / f"{row.kid}.pem", problems)
        try:
            key = None if pem is None else private_from_pem(pem)
        except JenkinsMfaError as error:
            problems.append(f"{files.dir / row.kid}.pem: {error}")
            continue
        if key is not None:
            times = row.created, row.not_after, row.state == SIGNS, row.signs_from
            signing.append(SigningKey(row.kid, key, *times))
    if not index and not problems:
        problems.append(f"{files.dir} holds no receipt key; mend: {MAKE}")
    return tuple(signing)


def _checkpoints(files: KeysConfig, problems: list[str]) -> CheckpointKeys | None:
    """The keys of checkpoints; None where there is none yet."""
    found: dict[str, Ed25519PrivateKey] = {}
    for path in sorted(files.dir.glob("checkpoint*.pem")):
        pem = _read(path, problems)
        try:
            found |= {} if pem is None else {path.name: private_from_pem(pem)}
        except JenkinsMfaError as error:
            problems.append(f"{path}: {error}")
    if CHECKPOINT not in found:
        return None
    public = {checkpoint.kid(key.public_key()): key.public_key() for key in found.values()}
    return CheckpointKeys(public, found[CHECKPOINT])


def checkpoint_keys(files: KeysConfig) -> CheckpointKeys | None:
    """The keys that verify checkpoints; None where they are not there or this account may not read them."""
    problems: list[str] = []
    found = _checkpoints(files, problems)
    return CheckpointKeys(found.public) if found else None


def vault(files: KeysConfig) -> KeyRing:
    """The vault's keys as they stand in the file now. Raises ConfigError."""
    problems: list[str] = []
    ring = _ring(files.vault_file, problems)
    if problems or ring is None:
        raise ConfigError(problems)
    return ring


def _ring(path: Path, problems: list[str]) -> KeyRing | None:
    """The vault's keys; None, with a problem more, where there are none."""
    raw = _read(path, problems)
    if raw is None:
        return None
    try:
        return KeyRing.parse(raw.decode(), place=path.name)
    except UnicodeDecodeError:
        problems.append(f"{path} is not text; mend: {RESTORE}")
    except ConfigError as error:
        problems += [f"{problem}; mend: {RESTORE}" for problem in error.problems]
    return None


def _mac_key(path: Path, problems: list[str]) -> bytes:
    """The key that seals records; empty, with a problem more, where there is none."""
    raw = _read(path, problems)
    try:
        key = base64.b64decode(raw or b"", validate=False)
    except ValueError:
        key = b""
    if len(key) == MAC_BYTES:
        return key
    if raw is not None:
        problems.append(f"{path}: not {MAC_BYTES} bytes in base64; mend: {RESTORE}")
    return b""


def paths(files: KeysConfig) -> list[Path]:
    """Every file that holds a key, for the check of file modes."""
    return [*sorted(files.dir.glob("*.pem")), files.vault_file, files.hmac_file]


def _read(path: Path, problems: list[str]) -> bytes | None:
    """What stands in a file; None, with a problem more, where it cannot be read."""
    try:
        if exposed(path):
            problems.append(f"{path} can be read by others; mend: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        problems.append(f"{path} cannot be read: {unread(error)}; mend: {RESTORE}, or, at the first set-up: {MAKE}")
        return None
