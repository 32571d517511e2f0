"""What `check` says of a store's server, for each thing that it can find."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NOW
from jenkins_mfa.cli.check_state import delivery_parts
from jenkins_mfa.cli.check_store import promise_parts
from jenkins_mfa.core.model import Backlog, Parked
from jenkins_mfa.store.durability import PROMISES, Durability
from jenkins_mfa.store.settings import Settings

FOUND = Durability("Valkey 9.1.2", True, "always", "noeviction", 0, 0, 0, True, "always", PROMISES["always"], False)


def test_a_server_as_it_should_be_is_one_line() -> None:
    """Name, version, AOF, policy, replicas and how far they are behind, and the promise."""
    (part,) = promise_parts(replace(FOUND, replicas=2, lag=1), Settings("", replicas=1))
    assert part.ok
    assert part.says.startswith("Valkey 9.1.2, AOF always, noeviction, 2 replicas (1 s behind): what was acknowledged")


def test_what_the_operator_asserts_is_shown_as_theirs() -> None:
    """Where CONFIG is blocked."""
    (part,) = promise_parts(replace(FOUND, fsync="always (asserted)"), Settings(""))
    assert "AOF always (asserted)" in part.says


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"evicted": 3}, "has thrown 3 keys away"),
        ({"writes": False}, "its last write to disk did not succeed"),
        ({"replicas": 1}, "1 replica of the 2 that [store] replicas wants"),
    ],
)
def test_each_thing_that_is_not_right_has_a_line_and_a_mend(found: dict[str, int], says: str) -> None:
    """Beside the line that tells what the server is."""
    settings = Settings("", replicas=2)
    first, second = promise_parts(replace(FOUND, **({"replicas": 2} | found)), settings)  # type: ignore[arg-type]
    assert first.ok
    assert not second.ok
    assert says in second.says
    assert second.mend


def test_less_than_always_is_a_finding_unless_it_is_accepted() -> None:
    """The mend says both ways."""
    less = replace(FOUND, fsync="everysec", promise=PROMISES["everysec"], warning=True)
    (found,) = promise_parts(less, Settings(""))
    assert not found.ok
    assert 'durability = "everysec"' in found.mend
    (accepted,) = promise_parts(less, Settings("", durability="everysec"))
    assert accepted.ok


class Late:
    """A store in which something is late."""

    def __init__(self, failing: int, *parked: Parked) -> None:
        self._late, self._parked = Backlog(3, failing, len(parked)), list(parked)

    def now(self) -> int:
        return NOW

    def backlog(self) -> Backlog:
        return self._late

    def parked(self) -> list[Parked]:
        return self._parked


def test_what_does_not_arrive_is_a_finding() -> None:
    """From a minute on; what was given up is one, with its reason, in which nothing can hide."""
    quiet = Late(NOW - 30_000)
    assert list(delivery_parts(quiet)) == []  # type: ignore[arg-type]
    late = Late(NOW - 120_000, Parked("tell:g_1", NOW - 3_600_000, "Slack: \u202enot_in_channel", 200))
    failing, parked = delivery_parts(late)  # type: ignore[arg-type]
    assert (failing.id, failing.says) == ("delivery.failing", "something has not been delivered for 2 min")
    assert parked.id == "delivery.parked"
    assert parked.says == "tell:g_1 was given up 1 h ago: Slack: \\u202enot_in_channel"
