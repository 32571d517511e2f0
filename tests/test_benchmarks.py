"""Each measurement runs; how long anything takes is for `make bench` to say, on a machine that does nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")

PROCESSES = 4  #: that share the measurements

FIGURES = {
    "requests": 2,
    "poll": 2,
    "message": 2,
    "answer": 4,
    "key": 2,
    "decisions": 1,
    "replicas": 3,
    "flood": 2,
    "open": 4,
    "start": 1,
    "replay": 2,
    "reload": 3,
    "policy": 5,
    "totp": 1,
    "webauthn": 3,
    "pages": 2,
    "trail": 2,
}


@pytest.mark.parametrize("first", range(PROCESSES))
def test_measurements_give_their_figures(first: int, short_path: Path) -> None:
    """In their smallest size they end well, and print one row for each of their figures."""
    names = list(FIGURES)[first::PROCESSES]
    command = [sys.executable, "-m", "benchmarks", "--tiny", "--rounds", "1"]
    command += [part for name in names for part in ("--only", name)]
    # One that is killed for taking too long leaves its files where the test's own are removed.
    own = {**os.environ, "TMPDIR": str(short_path)}
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=100, check=False)

    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) == 1 + sum(FIGURES[name] for name in names), done.stdout
