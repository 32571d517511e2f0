"""Members of user groups (`usergroups.users.list`, scope usergroups:read)."""

from __future__ import annotations

from slack_sdk import WebClient

from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.slack.calls import NO_ANSWER, call, told


class UserGroups:
    """The Directory port for Slack. The answer is whole: this method has no pages."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def accounts(self, group: str) -> frozenset[str]:
        """The user ids in the group `S…` now. Raises MessageGoneError for one that is not there or switched off, and
        MessengerUnavailableError.
        """
        found = told(call(self._client.usergroups_users_list, usergroup=group), "users", list)
        if not all(isinstance(user, str) and user for user in found):
            raise MessengerUnavailableError(f"Slack: {NO_ANSWER}")
        return frozenset(found)
