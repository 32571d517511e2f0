"""The two recorded kinds of controller, and the accounts that each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: Permissions as the matrix shows them; Overall/Administer implies all.
READER = frozenset({"Overall/Read", "Job/Read"})
_ACCOUNTS: dict[str, frozenset[str]] = {
    "admin": frozenset({"Overall/Administer"}),
    "dev": READER | {"Job/Build"},
    "mfa-agent": READER | {"Job/Build", "Job/Cancel", "Run/Update"},
    "agent-min": READER,
    "desc": READER | {"Run/Update"},
    "noread": frozenset({"Overall/Read"}),
    "stranger": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One recorded kind of controller: version, servlet container, session id, accounts and their names."""

    version: str
    container: Literal["jetty", "tomcat"]
    session: str
    accounts: Mapping[str, frozenset[str]] = field(default_factory=lambda: _ACCOUNTS)
    full_names: Mapping[str, str] = field(default_factory=dict)


ROUND_ONE = Profile("2.528.1", "jetty", "d95b4af8")
ROUND_TWO = Profile(
    "2.516.2",
    "tomcat",
    "1d64179e",
    {**_ACCOUNTS, "dev": READER | {"Job/Build", "Job/Cancel", "Job/Configure"}, "mfa-agent": READER},
    {"dev": "Dora Developer"},
)


@dataclass(slots=True)
class User:
    """An account. `hidden` names jobs and folders that it may not see although it has Job/Read."""

    id: str
    full_name: str
    token: str
    password: str
    permissions: frozenset[str]
    groups: frozenset[str] = frozenset({"authenticated"})
    hidden: set[str] = field(default_factory=set)
    description: str | None = None

    def may(self, permission: str) -> bool:
        """Whether the account holds a permission."""
        return permission in self.permissions or "Overall/Administer" in self.permissions

    def sees(self, job: str) -> bool:
        """Whether the account may read a job, by its full name."""
        return self.may("Job/Read") and not any(job == h or job.startswith(h + "/") for h in self.hidden)
