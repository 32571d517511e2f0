"""A command of `jenkins-mfa` on a terminal of its own, for what asks there or runs nowhere else."""

from __future__ import annotations

import os
import pty
import signal
import sys
from collections.abc import Callable
from pathlib import Path


def at_terminal(*arguments: str, config: Path, answer: Callable[[str], str] = lambda _: "") -> tuple[int, str]:
    """Its exit code, and what it showed. `answer` gets what was shown since it last typed something, and says what is
    typed now; nothing, for as long as that is no question.
    """
    command = [sys.executable, "-m", "jenkins_mfa", *arguments, "--config", str(config)]
    child, end = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as in a terminal, wherever the tests run
        os.environ |= {"COLUMNS": "100", "LOGNAME": "bob", "USER": "bob"}
        os.execv(sys.executable, command)
    shown = since = ""
    while True:
        try:
            piece = os.read(end, 4096).decode(errors="replace")
        except OSError:
            break
        shown, since = shown + piece, since + piece
        if typed := answer(since):
            os.write(end, typed.encode())
            since = ""
    _, status = os.waitpid(child, 0)
    os.close(end)
    return os.waitstatus_to_exitcode(status), shown
