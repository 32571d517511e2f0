"""What `check` says about receipt keys: those of the files here, of the agents that run, and the revoked ones."""

from __future__ import annotations

import time
from collections.abc import Iterator

from jenkins_mfa import key_files
from jenkins_mfa.cli.report import Part, count
from jenkins_mfa.config import Config
from jenkins_mfa.core import beats
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.units import DAY
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import receipt_keys

SOON = receipt_keys.SOON // DAY  #: days before its end at which a receipt key is a finding, too


def key_parts(config: Config) -> Iterator[Part]:
    """The files: readable by their owner only, and how long the newest receipt key lasts."""
    keys = key_files.load(config.keys, config.installation)
    found = len(config.secret_files) + len(key_files.paths(config.keys))
    yield Part("secrets.files", True, f"{found} files, readable by their owner only")
    yield _signer(max((key.not_after for key in keys.signing if key.signs), default=0))


def _signer(not_after: int) -> Part:
    """A library takes no receipt of a key that has ended; a new one must be published before."""
    days = (not_after - int(time.time())) // 86400
    mend = "jenkins-mfa keys generate, then keys public --library DIR, and a new tag of the library"
    if not not_after:
        return Part("keys.none_signs", False, "every receipt key is revoked: every build is denied", mend)
    if days < 0:
        return Part("keys.ended", False, "the newest receipt key has ended: every build is denied", mend)
    if days < SOON:
        return Part("keys.ends", False, f"the newest receipt key ends in {count(days, 'day')}", mend)
    return Part("keys.signer", True, f"the newest receipt key lasts {days} days more")


def kept_parts(store: RedisStore, keys: Keys) -> Iterator[Part]:
    """Where files and store, or files and agents, do not agree about receipt keys."""
    for kid in receipt_keys.put_back(store, keys):
        says = f"{kid} is revoked, and the files here still have it; no agent uses it, and keys public leaves it out"
        yield Part("keys.revoked_here", False, says, f"jenkins-mfa keys revoke {kid}")
    here = [key.kid for key in keys.signing if key.kid not in keys.revoked]
    for beat in beats.fresh(store.beats(), "agent", store.now()):
        there = beat.get("receipt_kids")
        if isinstance(there, list) and there != here:
            who = f"an agent (pid {beat.get('pid')})"
            says = f"{who} has the receipt keys {_named(there)}, the files here {_named(here)}"
            mend = "wait 5 s; where that agent has files of its own, make them the same"
            yield Part("keys.agents_differ", False, says, mend)


def _named(kids: list[str]) -> str:
    return ", ".join(map(str, kids)) or "none"
