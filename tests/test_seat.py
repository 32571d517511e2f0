"""Who sits at the terminal is told by the system: whoever sets a variable of the environment is nobody else."""

from __future__ import annotations

import ast
import getpass
import os
import pwd
from pathlib import Path

import pytest

import jenkins_mfa
from jenkins_mfa.cli import seat

SOURCES = sorted(Path(jenkins_mfa.__file__).parent.rglob("*.py"))


def no_terminal() -> str:
    raise OSError


@pytest.mark.parametrize("terminal", [True, False])
def test_no_variable_makes_an_operator_somebody_else(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    """S12, S14: behind sudo the login is told; without a terminal the process's user. `LOGNAME` fools getpass alone."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    monkeypatch.setattr(os, "getlogin", (lambda: "bob") if terminal else no_terminal)
    mine = "bob" if terminal else pwd.getpwuid(os.getuid()).pw_name
    assert getpass.getuser() == "mallory"
    assert (seat.login(), seat.operator()) == (mine, f"operator:{mine}")


def test_there_is_one_place_that_asks_who_it_is() -> None:
    """Each command names its operator by seat.py: nothing else imports `getpass`, `pwd`, or asks the system itself."""
    asking = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            names = {one.name for one in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
            names |= {node.attr} if isinstance(node, ast.Attribute) else set()
            asking |= {source.name} if names & {"getpass", "pwd", "getlogin", "getuser"} else set()
    assert asking == {"seat.py"}
