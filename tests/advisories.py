"""Known vulnerabilities of the locked dependencies: `make audit`. pip-audit asks PyPI's advisories; what it could not
look up it leaves out of its verdict, so that a source that does not answer looks like good news. Here that is said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

LOCK = "requirements.lock"
ASKED = ["-r", LOCK, "--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
RIGHT, WRONG, UNKNOWN = 0, 1, 3  #: exit codes


@dataclass(frozen=True)
class Verdict:
    """What is known of all dependencies: lines for people, and the exit code."""

    lines: list[str]
    code: int


def verdict(report: dict[str, Any] | None, *, if_reachable: bool) -> Verdict:
    """Out of pip-audit's report; None where there was none. With `if_reachable` a source that does not answer is said,
    and nothing more: CI goes on.
    """
    packages = (report or {}).get("dependencies", [])
    known = [one for one in packages if "skip_reason" not in one]
    lines = [f"{one['name']} {one['version']}: {_told(bad)}" for one in known for bad in one["vulns"]]
    left = len(packages) - len(known)
    if lines:
        return Verdict([*lines, f"Vulnerabilities: {len(lines)}. Mend: make lock, then look at what changed."], WRONG)
    if report is None or not known:
        says = "NOT AUDITED: the source of advisories cannot be reached; nothing is known of any dependency."
        return Verdict([says], RIGHT if if_reachable else UNKNOWN)
    if left:
        names = ", ".join(one["name"] for one in packages if "skip_reason" in one)
        return Verdict([f"NOT AUDITED: {left} of {len(packages)}: {names}"], UNKNOWN)
    return Verdict([f"No known vulnerability in {len(known)} dependencies."], RIGHT)


def _told(vulnerability: dict[str, Any]) -> str:
    names = ", ".join([vulnerability["id"], *vulnerability.get("aliases", [])])
    return f"{names}; mended in {', '.join(vulnerability.get('fix_versions', [])) or 'no version yet'}"


def main(arguments: list[str]) -> int:
    """Ask, and say it."""
    done = subprocess.run([sys.executable, "-m", "pip_audit", *ASKED], capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = None
    found = verdict(report, if_reachable="--if-reachable" in arguments)
    print("\n".join(found.lines))
    return found.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
