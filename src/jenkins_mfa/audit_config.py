"""[audit] of config.toml → what is kept of the trail outside the store, and how much of it stays inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jenkins_mfa.toml_table import Table


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """[audit]. `checkpoint_file` is where signed checkpoints go."""

    checkpoint_file: Path


def audit(root: Table, base: Path) -> AuditConfig:
    """The settings; all have defaults."""
    table = root.table("audit", required=False)
    found = AuditConfig(checkpoint_file=base / table.text("checkpoint_file", "checkpoints.jws"))
    table.done()
    return found
