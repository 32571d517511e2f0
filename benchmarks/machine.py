"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.stage import stage
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.durability import inspect

WRITES = 200  #: of 512 bytes, each followed by fdatasync


def describe() -> list[str]:
    """Cores, Python, server, disk: one line each."""
    load = " / ".join(f"{load:.1f}" for load in os.getloadavg())
    with stage() as here, client_for(here.server.url) as client:
        server = inspect(client).server
    return [
        f"{os.cpu_count()} cores ({_cpu()}), {_memory():.0f} GiB; load when the run began (1, 5, 15 min): {load}",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"{server}, appendonly yes, appendfsync always, unix socket",
        f"fdatasync after 512 bytes: median {_fsync():.2f} ms",
    ]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _fsync() -> float:
    spent = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(WRITES):
            file.write(b"x" * 512)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)
