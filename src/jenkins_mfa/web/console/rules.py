"""`/console/policy`: what holds, where it comes from, and what changed when."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.policy import Rule
from jenkins_mfa.core.search import Wanted
from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.web.console import past
from jenkins_mfa.web.console.books import Books
from jenkins_mfa.web.console.frame import Frame, lines, tree
from jenkins_mfa.words import conditions, console, history, members, policy_changes
from jenkins_mfa.words.html import Html, many, parts, tag

HERE = "/console/policy"
CHANGES = 10  #: times that the policy was loaded which are told


class Rules:
    """The page."""

    def __init__(self, frame: Frame, books: Books) -> None:
        self._frame = frame
        self._desk = frame.desk
        self._books = books

    def show(self, request: Request, visit: Visit) -> Response:
        """The last changes, the rules in short, and the file as it stands."""
        policy = self._desk.policy
        every = [*policy.rules, *([policy.default] if policy.default else [])]
        return self._frame.page(
            request,
            visit,
            console.POLICY,
            tag("p", parts(members.in_force(policy.sha256, len(every))), class_="hint"),
            self._changes(),
            self._difference(),
            tag("section", tag("h2", console.RULES), *(self._rule(rule) for rule in every)),
            self._file(policy.sha256),
            here=HERE,
        )

    def _changes(self) -> Html:
        """When it was loaded, newest first, with what changed by it."""
        found = past.search(self._desk.store, Wanted(outcome=Name.POLICY_LOADED), self._desk.store.heads().seq + 1)
        told = [
            console.event(entry.at, history.sentence(entry, self._desk.roster))
            for _, entry in found.events[:CHANGES]
            if entry is not None
        ]
        return tag("section", tag("h2", console.CHANGES), lines(told) or tag("p", console.NO_CHANGES))

    def _difference(self) -> Html | None:
        """The rules that the policy before this one had otherwise, as they were and as they are."""
        former = self._desk.rules.former
        if former is None:
            return None
        old, new = policy_changes.rules(former), policy_changes.rules(self._desk.policy)
        names = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
        shown = (self._differs(name, old.get(name), new.get(name)) for name in names)
        return tag("section", tag("h2", console.DIFFERENCE), *shown, None if names else tag("p", console.NO_DIFFERENCE))

    def _differs(self, name: str, old: Rule | None, new: Rule | None) -> Html:
        sides = [(console.WAS, old), (console.IS, new)]
        shown = (tag("div", tag("p", label, class_="hint"), self._asks(one)) for label, one in sides if one)
        told = lines(members.difference(old, new))
        return tag("div", tag("h3", name), told, tag("div", *shown, class_="sides"), class_="waiting")

    def _asks(self, rule: Rule) -> Html:
        """What it asks of whom, and when it applies."""
        asks = [members.demand(one, self._desk.roster) for one in rule.require]
        return many([lines(asks), tree(conditions.branches(rule.when))])

    def _rule(self, rule: Rule) -> Html:
        """Its name, when it applies, and what it asks of whom."""
        return tag("div", tag("h3", parts(members.rule(rule))), self._asks(rule), class_="waiting")

    def _file(self, sha256: str) -> Html:
        text = self._books.policy(sha256)
        shown = tag("pre", text, tabindex=0, aria_label=console.FILE) if text else tag("p", console.OTHER_FILE)
        return tag("details", tag("summary", console.FILE), shown, class_="more")
