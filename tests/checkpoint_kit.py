"""Checkpoints for tests: a key, a file, and an agent's part in following the trail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jenkins_mfa.archive.checkpoint_file import CheckpointFile
from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.checkpoint import CheckpointKeys, kid
from jenkins_mfa.usecases.checkpoints import Checkpointer
from jenkins_mfa.usecases.continuity import Continuity
from jenkins_mfa.usecases.ports import Checkpoints


def keys(seed: int = 1) -> CheckpointKeys:
    """A key pair for each number."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return CheckpointKeys({kid(private.public_key()): private.public_key()}, private)


def file_in(folder: Path, name: str = "checkpoints.jws") -> CheckpointFile:
    """A file of checkpoints of the installation `test`, as one process knows it."""
    return CheckpointFile(folder / name, keys(), "test")


class Process:
    """A store as a process sees it that has just started: it has written nothing yet."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def written(self) -> Head:
        return Head(0, "")


def looking(store: Any, checkpoints: Checkpoints) -> Continuity:
    """What a process that has just started compares the store with."""
    return Continuity(Process(store), checkpoints)  # type: ignore[arg-type]


def follow(store: Any, checkpoints: Checkpoints) -> str:
    """What an agent does that starts, looks at the trail and stops; the problem that it has found."""
    return Checkpointer(store, checkpoints, looking(store, checkpoints), "test").step(final=True)
