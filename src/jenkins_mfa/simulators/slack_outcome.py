"""What an action of a person in the simulated Slack led to, and how an app's answer to a form shows."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from jenkins_mfa.simulators.slack_api import checked_view
from jenkins_mfa.simulators.slack_model import ApiError, Kind, Sight
from jenkins_mfa.simulators.slack_state import Workspace


@dataclass
class Outcome:
    """What one action of a person led to.

    `sent`: Slack passed it on to the app. `error`: code of the failure that Slack shows instead of an answer.
    `errors`: sentences at the fields of a form, by block_id. `closed`: the form went away. `view`: the form
    that stands there instead. `seconds`: from the envelope to its answer.
    """

    user: str
    workspace: Workspace = field(repr=False)
    start: int = field(repr=False)
    sent: bool = True
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    closed: bool = False
    view: dict[str, Any] | None = None
    seconds: float = 0.0

    @property
    def seen(self) -> list[Sight]:
        """All that this person has seen since they acted, in order of time; grows while the app works on."""
        with self.workspace.changed:
            later = self.workspace.journal[self.start :]
            return [sight for sight in later if self.workspace.sees(self.user, sight)]

    def wait(self, kind: Kind, timeout: float = 5.0) -> Sight:
        """The first thing of this kind that the person saw since; waits up to `timeout` seconds for it."""
        with self.workspace.changed:
            if not self.workspace.changed.wait_for(lambda: any(s.kind == kind for s in self.seen), timeout):
                raise TimeoutError(f"{self.user} saw no {kind} within {timeout} s, only {self.seen}")
            return next(sight for sight in self.seen if sight.kind == kind)

    def fail(self, code: str) -> None:
        """Slack shows that the app did not do its part."""
        self.error = code
        self.workspace.record("error", f"The app did not answer as it must ({code}).", user=self.user)

    def show_errors(self, errors: dict[str, str]) -> None:
        """Slack shows these sentences at the fields of the form."""
        self.errors = errors
        self.workspace.record("field_errors", "\n".join(errors.values()), user=self.user, body=errors)


def apply_form_answer(outcome: Outcome, form: dict[str, Any], given: Any) -> None:
    """Do what the app answered to a submitted form; what Slack does not understand becomes an error."""
    answer = given if isinstance(given, dict) else {}
    action, user, workspace = answer.get("response_action"), outcome.user, outcome.workspace
    try:
        match action:
            case "errors":
                outcome.show_errors(checked_errors(form, answer.get("errors")))
            case "update":
                view = checked_view(answer.get("view"))
                outcome.view = copy.deepcopy(workspace.replace_view(user, form["id"], view))
            case "push":
                outcome.view = copy.deepcopy(workspace.open_view(user, checked_view(answer.get("view"))))
            case "clear" | None:
                workspace.close_views(user, all_of_them=action == "clear")
                outcome.closed = True
            case _:
                raise ApiError("invalid_response_action")
    except ApiError as error:
        outcome.fail(error.code)


def checked_errors(form: dict[str, Any], errors: Any) -> dict[str, str]:
    """Errors that Slack can show at fields. Raises ApiError if a key is no input block or a text is empty."""
    fields = {block["block_id"] for block in form["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= fields:
        raise ApiError("invalid_field_errors")
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise ApiError("invalid_field_errors")
    return dict(errors)
