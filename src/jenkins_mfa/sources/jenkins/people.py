"""Logins of one controller: those that an administrator listed (deploy/jenkins-people.groovy), and one by itself.

Only administrators see other people's addresses in Jenkins, so the agent's account asks for none.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from jenkins_mfa.core.roster_join import Login
from jenkins_mfa.errors import SourceGoneError
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.sources.jenkins.exported import decode

MOST_BYTES = 16 << 20  #: of a list


class _Listed(msgspec.Struct, frozen=True):
    id: str
    directory: str | None = None
    profile: str | None = None


class _User(msgspec.Struct, frozen=True):
    id: str


def read_list(data: bytes) -> list[Login]:
    """What the script has printed. Raises UntrustedInputError."""
    return [Login(one.id, _address(one.directory), _address(one.profile)) for one in decode(data, list[_Listed])]


def _address(text: str | None) -> str:
    return (text or "").strip().lower()


def spelt(client: Client, login: str) -> str:
    """A login as Jenkins spells it; empty where it has no such account. Raises SourceError, UntrustedInputError.

    Jenkins also finds people by their full name, which is not meant here.
    """
    try:
        found = decode(client.get(f"user/{quote(login, safe='')}/", "id").body, _User).id
    except SourceGoneError:
        return ""
    return found if found.lower() == login.lower() else ""
