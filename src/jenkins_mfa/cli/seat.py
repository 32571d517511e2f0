"""Who sits at the terminal."""

from __future__ import annotations

import os
import pwd

from jenkins_mfa.roster_file import OPERATOR
from jenkins_mfa.usecases.desk import Desk


def login() -> str:
    """Who logged in at this terminal, also behind sudo; where the system does not tell, whose process this is. No
    variable of the environment is believed.
    """
    try:
        return os.getlogin()
    except OSError:
        return pwd.getpwuid(os.getuid()).pw_name


def operator() -> str:
    """The login, as the trail names whoever acts by it."""
    return f"operator:{login()}"


def person(desk: Desk) -> str:
    """The roster id of whoever that is, by `operator:local`; `operator()` where the roster does not name the login."""
    found = desk.roster.find(OPERATOR, login())
    return found.id if found else operator()
