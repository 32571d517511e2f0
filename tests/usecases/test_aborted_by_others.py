"""A run that somebody ends in its source while its gate waits: told where they had not started it."""

from __future__ import annotations

import pytest

from desk_world import World
from fakes import US
from jenkins_mfa.core.model import State


@pytest.mark.parametrize("how", ["aborted", "stopped"])
@pytest.mark.parametrize(("by", "codes"), [("eve", ["aborted_by_other"]), ("dan", []), (US, []), ("", [])])
def test_ops_and_approvers_read_who_else_stopped_a_build(how: str, by: str, codes: list[str]) -> None:
    """Whoever started it may stop it; our own account stops builds for gates beside this one; a timeout is nobody."""
    world = World()
    world.open()
    world.source.pauses, world.source.finished = {}, True
    world.source.ended, world.source.by = how, by
    for _ in range(2):
        world.watch.poll()
    world.deliver()
    assert world.gate.state is State.WITHDRAWN
    assert [alert.code for alert in world.messenger.alerts] == codes
    assert [alert.code for alert in world.messenger.copies] == codes
