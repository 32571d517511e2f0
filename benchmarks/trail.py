"""`audit verify --file` over very many events: how many a second on one core, and the most memory that it takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, Sizes
from jenkins_mfa.archive import lines
from jenkins_mfa.core import audit
from jenkins_mfa.core.audit import AuditEvent, Name

AT = 1_764_000_000_000

#: The whole command, which tells at its end its processor time in seconds and its peak of resident memory in KiB.
CODE = (
    "import atexit, re, sys, time; from jenkins_mfa.cli import main;"
    "peak = lambda: re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1];"
    "atexit.register(lambda: print(time.process_time(), peak(), file=sys.stderr)); main(sys.argv[1:])"
)


def measure(sizes: Sizes) -> list[Figure]:
    """A copy in lines, as the agent writes it, and the command in a process of its own."""
    count = sizes.events
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        path = Path(folder) / "trail-000000000001.jsonl"
        _write(path, count)
        size = path.stat().st_size
        command = [sys.executable, "-c", CODE, "audit", "verify", "--file", str(path)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert f"events 1 to {count} are complete" in done.stdout, done.stdout + done.stderr
    seconds, peak = map(float, done.stderr.split())
    how = f"{count} events of {size // count} bytes; the whole command with its start, processor time {seconds:.1f} s"
    name = "events of the trail verified"
    return [
        Figure(f"{name} a second, one core", count / seconds, "/s", 100_000, how, at_least=True),
        Figure(f"{name}, memory", peak / 1024, "MiB", 200, "peak; " + how),
    ]


def _write(path: Path, count: int) -> None:
    """What an ordinary gate leaves: opened, confirmed with a code, approved, claimed, resumed."""
    names = (Name.GATE_OPENED, Name.GATE_CONFIRMED, Name.GATE_APPROVED, Name.GATE_CLAIMED, Name.GATE_RESUMED)
    taken: dict[str, str | int] = {"factor": "totp", "step": 58_800_000, "via": "slack:T0/U0", "authenticator": "a_01"}
    details: tuple[dict[str, str | int], ...] = (
        {"version": 1, "state": "pending", "request_sha256": "a" * 64, "nonce": "Mfa-" + "0" * 32},
        {"version": 2, "state": "pending", **taken},
        {"version": 3, "state": "approved"},
        {"version": 4, "state": "sending", "iat": AT // 1000, "exp": AT // 1000 + 300, "kid": "k1"},
        {"version": 5, "state": "resumed", "reason": "resumed", "by": "mfa-agent"},
    )
    gate, run = "g_" + "0" * 32 + ".1", "main:team one/deploy:17:1"
    templates = [
        audit.encode(AuditEvent(0, AT, name, "alice", gate, "main", run, told))
        for name, told in zip(names, details, strict=True)
    ]
    previous = audit.START
    with path.open("wb") as file:
        for seq in range(1, count + 1):
            raw = templates[seq % 5].replace(b'"seq":0,', b'"seq":%d,' % seq)
            previous = audit.link(previous, raw)
            file.write(lines.line(raw, previous))
