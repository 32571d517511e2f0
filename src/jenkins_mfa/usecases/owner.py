"""Whether a source is ours alone: another installation with the same account there would settle what is not its own."""

from __future__ import annotations

import structlog

from jenkins_mfa.core.model import Alert, Commit
from jenkins_mfa.errors import SourceError, SourceForbiddenError
from jenkins_mfa.usecases.desk import Desk, commit_id
from jenkins_mfa.usecases.ports import Source

log = structlog.get_logger()

EVERY = 60_000  #: ms between two looks


class Owner:
    """Looks at the name that stands at the source, and writes ours where none does."""

    def __init__(self, desk: Desk, source: Source) -> None:
        self._desk = desk
        self._source = source
        self._other = ""
        self._next = 0

    def require(self) -> None:
        """Raises SourceForbiddenError while another installation's name stands there; ops are told once. Where the
        source does not tell, nothing is known, and nothing stops.
        """
        now = self._desk.store.now()
        if now >= self._next or self._other:
            self._look(now)
        if self._other:
            raise SourceForbiddenError(
                f"installation {self._other} uses our account there; mend: give each installation an account of its own"
            )

    def _look(self, now: int) -> None:
        self._next = now + EVERY
        try:
            found = self._source.owner(self._desk.keys.installation)
        except SourceError as error:
            log.info("not known whose the source is", source=self._source.id, problem=str(error))
            return
        if found and found != self._other:
            values = {"source": self._source.id, "installation": found}
            alert = Alert(f"other_installation:{self._source.id}:{now}", "other_installation", now, values=values)
            self._desk.store.commit(Commit(commit_id(alert.id), (), alerts=(alert,)))
        self._other = found
