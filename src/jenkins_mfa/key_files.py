"""Key files: receipt keys in a directory (one PEM each and keys.json), the vault's and the HMAC key beside it.

All of them are readable by their owner alone; start-up refuses otherwise (S16).
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jenkins_mfa.config import KeysConfig
from jenkins_mfa.core import checkpoint
from jenkins_mfa.core.checkpoint import CheckpointKeys
from jenkins_mfa.core.keys import Keys, SigningKey
from jenkins_mfa.core.seal import KeyRing
from jenkins_mfa.core.signing_keys import private_from_pem, private_pem
from jenkins_mfa.errors import ConfigError, JenkinsMfaError
from jenkins_mfa.failures import unread

INDEX = "keys.json"
CHECKPOINT = "checkpoint.pem"  #: signs checkpoints; further `checkpoint-*.pem` only verify them
MAKE = "jenkins-mfa keys generate"
LIFE = 365 * 86400  #: seconds until a new receipt key's `not_after`


@dataclass(frozen=True, slots=True)
class Made:
    """The new receipt key's id, and the files that `generate` wrote."""

    kid: str
    files: tuple[Path, ...]


def generate(files: KeysConfig, now: int) -> Made:
    """Make one more receipt key, and those of checkpoints, vault and HMAC where they are missing. Nothing is
    overwritten.
    """
    files.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    index = _index(files.dir)
    kid = f"k{1 + max((int(row['kid'][1:]) for row in index), default=0)}"
    written = [_write(files.dir / f"{kid}.pem", private_pem(Ed25519PrivateKey.generate()))]
    index.append({"kid": kid, "created": now, "not_after": now + LIFE, "state": "signs"})
    temporary = files.dir / f"{INDEX}.new"
    temporary.unlink(missing_ok=True)
    _write(temporary, json.dumps({"keys": index}, indent=2).encode())
    temporary.replace(files.dir / INDEX)
    if not (files.dir / CHECKPOINT).exists():
        written.append(complete(files))
    if not files.vault_file.exists():
        line = f"v1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
        written.append(_write(files.vault_file, line.encode()))
    if not files.hmac_file.exists():
        written.append(_write(files.hmac_file, base64.b64encode(secrets.token_bytes(32)) + b"\n"))
    return Made(kid, tuple(written))


def complete(files: KeysConfig) -> Path:
    """Make the key of checkpoints where it is missing, as in installations of before there was one. Raises ConfigError
    where the directory cannot be written.
    """
    path = files.dir / CHECKPOINT
    try:
        return path if path.exists() else _write(path, private_pem(Ed25519PrivateKey.generate()))
    except OSError as error:
        says = f"{path} is missing and cannot be written: {unread(error)}"
        raise ConfigError([f"{says}; mend: make {files.dir} writable once, or run {MAKE} elsewhere"]) from error


def load(files: KeysConfig, installation: str) -> Keys:
    """All keys, newest receipt key first. Raises ConfigError with everything that is missing, open or damaged."""
    index = _index(files.dir)
    if not index and not files.vault_file.exists() and not files.hmac_file.exists():
        raise ConfigError([f"there are no keys yet in {files.dir}; mend: {MAKE}"])
    problems: list[str] = []
    signing = []
    for row in sorted(index, key=lambda row: -int(row["kid"][1:])):
        pem = _read(files.dir / f"{row['kid']}.pem", problems)
        try:
            key = private_from_pem(pem) if pem else None
        except JenkinsMfaError as error:
            problems.append(f"{files.dir / row['kid']}.pem: {error}")
            continue
        if key is not None:
            signs = row["state"] == "signs"
            signing.append(SigningKey(row["kid"], key, row["created"], row["not_after"], signs))
    if not signing and not problems:
        problems.append(f"{files.dir} holds no receipt key; mend: {MAKE}")
    checkpoints = _checkpoints(files, problems)
    vault, mac = _read(files.vault_file, problems), _read(files.hmac_file, problems)
    try:
        ring = KeyRing.parse(vault.decode(), place=files.vault_file.name)
        mac_key = base64.b64decode(mac, validate=False)
        if len(mac_key) != 32:
            raise ValueError("32 bytes in base64 are needed")
    except (JenkinsMfaError, ValueError) as error:
        if vault and mac:
            problems.append(f"{files.vault_file} or {files.hmac_file}: {error}; mend: restore it from a backup")
        raise ConfigError(problems) from None
    if problems:
        raise ConfigError(problems)
    return Keys(installation, tuple(signing), ring, mac_key, checkpoints)


def _checkpoints(files: KeysConfig, problems: list[str]) -> CheckpointKeys | None:
    """The keys of checkpoints; None where there is none yet."""
    found: dict[str, Ed25519PrivateKey] = {}
    for path in sorted(files.dir.glob("checkpoint*.pem")):
        pem = _read(path, problems)
        try:
            found |= {path.name: private_from_pem(pem)} if pem else {}
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
    raw = _read(files.vault_file, problems)
    if problems:
        raise ConfigError(problems)
    try:
        return KeyRing.parse(raw.decode(), place=files.vault_file.name)
    except UnicodeDecodeError:
        raise ConfigError([f"{files.vault_file} is not text; mend: restore it from a backup"]) from None


def paths(files: KeysConfig) -> list[Path]:
    """Every file that holds a key, for the check of file modes."""
    return [*sorted(files.dir.glob("*.pem")), files.vault_file, files.hmac_file]


def _index(directory: Path) -> list[dict[str, Any]]:
    path = directory / INDEX
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text())["keys"]
        return [{k: row[k] for k in ("kid", "created", "not_after", "state")} for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"cannot be read: {unread(error)}" if isinstance(error, OSError) else "is damaged"
        raise ConfigError([f"{path} {what}; mend: restore it from a backup"]) from error


def _read(path: Path, problems: list[str]) -> bytes:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            problems.append(f"{path} can be read by others; mend: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        mend = f"restore it from a backup, or, at the first set-up: {MAKE}"
        problems.append(f"{path} cannot be read: {unread(error)}; mend: {mend}")
        return b""


def _write(path: Path, content: bytes) -> Path:
    """A new file that only its owner can read; an existing one is never replaced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path
