"""Take over the vault's keys when their file has changed: whole and with all that is stored, or not at all."""

from __future__ import annotations

import threading

import structlog

from jenkins_mfa import key_files
from jenkins_mfa.config import KeysConfig
from jenkins_mfa.core.model import Alert, Commit
from jenkins_mfa.errors import ConfigError, UnknownKeyError
from jenkins_mfa.rule_files import Stamp, stamp
from jenkins_mfa.usecases import seals
from jenkins_mfa.usecases.desk import Desk, commit_id

log = structlog.get_logger()


class Vault:
    """Looks at the file. What is seen at two looks in a row was not left half written: only then it is judged, once; so
    is what was there at the start.
    """

    def __init__(self, files: KeysConfig, desk: Desk) -> None:
        self._files = files
        self._desk = desk
        self._turn = threading.Lock()
        self._seen: Stamp = ()
        self._judged: Stamp = ()
        self._problem = ""

    @property
    def state(self) -> dict[str, object]:
        """For the agent's heartbeat: the keys that hold, and why what stands in the file does not."""
        return {"kids": list(self._desk.keys.ring.kids), "vault_refused": self._problem}

    def look(self, *, at_once: bool = False) -> None:
        """Look whether the file has changed; `at_once` judges what is there now. Raises StoreError: then the next look
        does it again.
        """
        with self._turn:
            before, self._seen = self._seen, self._stamp()
            if self._seen != self._judged and (at_once or self._seen == before):
                self._judge()
                self._judged = self._seen

    def _judge(self) -> None:
        try:
            ring = key_files.vault(self._files)
            seals.check(self._desk.store, ring)
        except (ConfigError, UnknownKeyError) as error:
            self._problem = str(error)
            now = self._desk.store.now()
            alert = Alert(f"vault_refused:{now}", "vault_refused", now, values={"problem": self._problem})
            log.warning("vault keys not taken over: nothing has changed", problem=self._problem)
            self._desk.store.commit(Commit(commit_id(alert.id), (), (), (), (alert,)))
        else:
            if ring != self._desk.keys.ring:
                log.info("vault keys taken over", kids=list(ring.kids))
            self._problem, self._desk.keys.ring = "", ring

    def _stamp(self) -> Stamp:
        return (stamp(self._files.vault_file),)
