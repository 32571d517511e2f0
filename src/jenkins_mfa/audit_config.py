"""[audit] of config.toml → what is kept of the trail outside the store, and how much of it stays inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jenkins_mfa.destination_config import DestinationConfig, destinations
from jenkins_mfa.toml_table import Table


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """[audit]. `checkpoint_file` is where signed checkpoints go, `export_dir` where the trail is copied to; None: it
    stays in the store for ever. What is copied goes out of the store when it is older than `keep_days`, or behind the
    newest `keep_events`. `destinations` are where it is sent to.
    """

    checkpoint_file: Path
    export_dir: Path | None
    keep_days: int
    keep_events: int
    destinations: tuple[DestinationConfig, ...] = ()


def audit(root: Table, base: Path, *, with_secrets: bool = True) -> AuditConfig:
    """The settings; all have defaults. Without secrets their files are left alone."""
    table = root.table("audit", required=False)
    found = AuditConfig(
        checkpoint_file=base / table.text("checkpoint_file", "checkpoints.jws"),
        export_dir=base / table.text("export_dir") if "export_dir" in table else None,
        keep_days=table.integer("keep_days", 90, low=1, high=3650, unit="days"),
        keep_events=table.integer("keep_events", 100_000, low=1000, high=10_000_000, unit="events"),
        destinations=destinations(table, base, with_secrets=with_secrets),
    )
    table.done()
    return found
