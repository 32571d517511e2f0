"""The command `demo` as people run it: a process that leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest
from demo_browser import PATIENCE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process(short_path: Path, number: signal.Signals) -> None:
    """One address, and what makes other commands speak of it; Ctrl-C ends it with 0: agent and store are gone."""
    command = [sys.executable, "-m", "jenkins_mfa", "demo", "--dir", str(short_path / "demo")]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert demo.stdout is not None
        line = next(line for line in demo.stdout if "http" in line)
        page = HTTPConnection(re.findall("127[^/]+", line)[0], timeout=PATIENCE)
        page.request("GET", "/")
        shown = page.getresponse().status
        pasted = next(demo.stdout).partition(": ")[2].rstrip()
        seen = _run(f"{pasted}; jenkins-mfa pending")
        of_demo = set(_processes(str(short_path)))
        demo.send_signal(number)
        _, told = demo.communicate(timeout=PATIENCE)
        page.close()
    finally:
        demo.kill()

    assert shown == 200
    assert seen == "Nothing waits.\n"
    assert demo.returncode == 0
    assert told == "\nThe demo has ended; nothing of it runs any more.\n"
    assert demo.pid in of_demo
    assert len(of_demo) >= 3
    assert _processes(str(short_path)) == []


def test_directory_in_use_is_refused(short_path: Path) -> None:
    """A directory that holds something is not mixed with the demo's files."""
    (short_path / "mine").touch()
    command = [sys.executable, "-m", "jenkins_mfa", "demo", "--dir", str(short_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)

    assert done.returncode == 2
    assert done.stderr == f"{short_path} is not empty. Name a new or an empty directory.\n"
    assert done.stdout == ""


def _run(line: str) -> str:
    """What this line of a shell says."""
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


def _processes(part: str) -> list[int]:
    """Processes with this in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if part in command:
                found.append(int(entry.name))
    return found
