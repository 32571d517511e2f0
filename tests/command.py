"""A command of `jenkins-mfa`, without a terminal: in the test's own process, since a process of its own takes a second.

That the same comes out of a process is looked at in `e2e/test_command_line.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner
from structlog.testing import capture_logs

from jenkins_mfa import log
from jenkins_mfa.cli import main


@dataclass(frozen=True)
class Done:
    """What came out of a command."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str | Path, config: Path | None = None) -> Done:
    """One command, with `--config` if a file is named. Raises what the command lets through."""
    line = [*map(str, arguments), *(["--config", str(config)] if config else [])]
    # A command sets logging up for its process; here that is the one of all other tests.
    with patch.object(log, "set_up"), capture_logs():
        result = CliRunner().invoke(main, line, prog_name="jenkins-mfa")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)
