"""One authenticated request on its way to an answer."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.simulators import jenkins_beans as beans
from jenkins_mfa.simulators.jenkins_accounts import User
from jenkins_mfa.simulators.jenkins_answers import Answer, Answers
from jenkins_mfa.simulators.jenkins_state import Controller
from jenkins_mfa.simulators.jenkins_tree import Bean, TreeError, parse, prune


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `form` is None when no form came; `parts` are the decoded parts of the path."""

    controller: Controller
    answers: Answers
    method: str
    path: str
    parts: list[str]
    query: dict[str, str]
    form: dict[str, str] | None
    user: User | None
    root: str
    context: str
    sessions: dict[str, str]
    session: str

    @property
    def viewer(self) -> User:
        """The account; routes that reach this have one."""
        if self.user is None:
            raise AssertionError(self.path)
        return self.user

    def exported(self, bean: Bean, kind: str) -> Answer:
        """`api/json` of an object, with the tree that was asked for."""
        try:
            tree = parse(self.query.get("tree") or beans.WHOLE[kind])
        except TreeError as error:
            return self.answers.container(400, f"Malformed tree expression: {error}", self.path)
        return self.answers.json(prune(bean, tree))
