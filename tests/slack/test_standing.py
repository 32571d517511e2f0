"""S14: what an account of Slack is to this workspace, flag by flag, as users.info tells them."""

from __future__ import annotations

import pytest

from jenkins_mfa.core.roster_join import Standing
from jenkins_mfa.slack.accounts import standing

PERSON = {"id": "UBOB", "team_id": "T0DEMO", "deleted": False, "is_bot": False}


@pytest.mark.parametrize(
    ("told", "is_one"),
    [
        ({}, Standing.MEMBER),
        ({"deleted": True}, Standing.LEFT),
        ({"is_bot": True}, Standing.BOT),
        ({"id": "USLACKBOT"}, Standing.BOT),
        ({"is_stranger": True}, Standing.ELSEWHERE),
        ({"team_id": "T0OTHER"}, Standing.ELSEWHERE),
        ({"team_id": None}, Standing.ELSEWHERE),
        ({"is_restricted": True}, Standing.GUEST),
        ({"is_ultra_restricted": True}, Standing.GUEST),
    ],
)
def test_s14_only_a_full_member_who_is_a_person_is_one(told: dict[str, object], is_one: Standing) -> None:
    """Each flag alone is enough to be none."""
    assert standing(PERSON | told, "T0DEMO") is is_one
