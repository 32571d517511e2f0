"""What changes outside a running agent, and is taken over: rules, members of groups, keys, certificate, tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from jenkins_mfa import takeover
from jenkins_mfa.errors import StoreError
from jenkins_mfa.reload import Reloader
from jenkins_mfa.takeover import Takeover
from jenkins_mfa.usecases import receipt_keys
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.groups import Groups

log = structlog.get_logger()


@dataclass
class Changes:
    """Looks at each kind by itself: none waits for another one's Jenkins, Slack or disk. With `at_once` what is there
    now is taken, without waiting whether it is still written. `keys` are in the order in which they are looked at.
    """

    desk: Desk
    reloader: Reloader
    groups: Groups
    keys: Sequence[Takeover] = ()
    tokens: Sequence[Takeover] = ()

    def look(self) -> None:
        """All of them, at once."""
        self.look_at_keys(at_once=True)
        self.look_at_rules(at_once=True)
        self.look_at_groups(at_once=True)
        self.look_at_tokens(at_once=True)

    def not_taken(self) -> dict[str, str]:
        """Changed files that do not hold, each with why."""
        refused = {"policy": str(found)} if (found := self.reloader.state["refused"]) else {}
        return refused | self.keys_not_taken()

    def keys_not_taken(self) -> dict[str, str]:
        """The same of keys, certificate and tokens alone."""
        return takeover.problems([*self.keys, *self.tokens])

    def look_at_rules(self, *, at_once: bool = False) -> None:
        """Take over policy and roster where they have changed; whatever goes wrong, what holds goes on holding."""
        try:
            self.reloader.look(at_once=at_once)
            self.reloader.tighten()
        except StoreError as error:
            log.warning("policy not taken over yet", problem=str(error))
        except Exception:
            log.exception("policy not taken over")

    def look_at_keys(self, *, at_once: bool = False) -> None:
        """Take over keys and certificate."""
        takeover.tried(partial(receipt_keys.look, self.desk))
        takeover.look(self.keys, at_once=at_once)

    def look_at_tokens(self, *, at_once: bool = False) -> None:
        """Take over tokens; apart from keys and policy, which are not to wait for Jenkins and Slack."""
        takeover.look(self.tokens, at_once=at_once)

    def look_at_groups(self, *, at_once: bool = False) -> None:
        """Members of groups that Slack keeps; apart from policy and roster, which are not to wait for Slack."""
        try:
            self.groups.look(at_once=at_once)
        except StoreError as error:
            log.warning("members of groups not taken over yet", problem=str(error))
        except Exception:
            log.exception("members of groups not taken over")
