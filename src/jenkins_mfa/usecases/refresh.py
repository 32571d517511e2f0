"""Messages of gates that wait are shown anew now and then: one that somebody has deleted is posted again so, once.

Slack tells an app of deletions only with the right to read everything in its channels, which the agent does without.
"""

from __future__ import annotations

import random
from dataclasses import replace

import structlog

from jenkins_mfa.core.model import Commit, State
from jenkins_mfa.errors import StoreConflictError, StoreError
from jenkins_mfa.usecases.desk import Desk, commit_id, whole

log = structlog.get_logger()

SECONDS = 15.0  #: between two looks
MOST = 5  #: gates in one look: Slack takes 50 updates a minute, and those that tell something new come first


def look(desk: Desk, replica: str) -> None:
    """Have some of the gates that wait told once more, unless another agent had that done a moment ago."""
    try:
        if not desk.store.courtesy("refresh", replica, round(SECONDS * 1000)):
            return
        waiting = [gate.id for gate in desk.store.open_gates() if gate.state is State.PENDING]
        for gate_id in random.sample(waiting, min(MOST, len(waiting))):
            _again(desk, gate_id)
    except StoreError as error:
        log.warning("messages not shown anew", problem=str(error))


def _again(desk: Desk, gate_id: str) -> None:
    """Nothing where its message is on its way: somebody else tells right now, or nobody has yet."""
    told = whole(desk, lambda: desk.store.told(gate_id))
    if told is None or told.stale or not told.messages:
        return
    after = replace(told, version=told.version + 1, stale=True)
    try:
        cause = commit_id("refresh", gate_id, str(told.version))
        desk.store.commit(Commit(cause, (after,), lanes=(f"tell:{gate_id}",)))
    except StoreConflictError:
        log.debug("told meanwhile", gate=gate_id)
