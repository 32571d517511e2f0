"""[metrics] of config.toml → where the numbers are served. Absent: nowhere."""

from __future__ import annotations

from jenkins_mfa.toml_table import Table
from jenkins_mfa.web_config import listen


def metrics(root: Table) -> tuple[str, int] | None:
    """Address and port; None where there is no [metrics], or one with problems, which are noted."""
    if "metrics" not in root:
        return None
    table = root.table("metrics")
    found = listen(table)
    table.done()
    return found
