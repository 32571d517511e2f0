"""What stands around every page of the console: the way to the others, who is there, and the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse

from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.web import layout
from jenkins_mfa.web.console.visitors import Visitors
from jenkins_mfa.words import console
from jenkins_mfa.words.html import Content, Html, many, parts, tag
from jenkins_mfa.words.parts import Parts
from jenkins_mfa.words.tree import Branch

#: The pages, by their addresses.
PAGES = {
    "/console": console.WAITING,
    "/console/history": console.HISTORY,
    "/console/people": console.PEOPLE,
    "/console/policy": console.POLICY,
    "/console/report": console.REPORT,
    "/console/health": console.HEALTH,
}


@dataclass(frozen=True)
class Frame:
    """Makes pages for people who are in."""

    visitors: Visitors

    @property
    def desk(self) -> Desk:
        """What the pages are about."""
        return self.visitors.site.desk

    def at(self, address: str) -> str:
        """An address of the console, as a browser has to write it."""
        return self.visitors.site.settings.at(address)

    def page(
        self,
        request: Request,
        visit: Visit,
        title: Content,
        *content: Content,
        here: str = "",
        name: str = "console",
        window: str = "",
        style: str = "",
        **data: str,
    ) -> HTMLResponse:
        """A page; `here` is its address among PAGES, `style` a further style sheet."""
        return layout.document(
            title,
            content,
            data | {"session": self.visitors.mark(request)},
            root=self.visitors.site.settings.prefix,
            name=name,
            window=window,
            script="console.js",
            style=style,
            nav=self._nav(visit, here),
        )

    def _nav(self, visit: Visit, here: str) -> Html:
        links = (
            tag("li", tag("a", label, href=self.at(address), aria_current="page" if address == here else None))
            for address, label in PAGES.items()
        )
        who = tag("span", parts(console.signed_in(self.desk.roster, visit.person, visit.expires)), class_="hint")
        out = tag("button", console.SIGN_OUT, type="button", id="out")
        return tag("nav", tag("ul", *links), tag("p", who, out, class_="me"), aria_label=console.PAGES)


def lines(found: Sequence[Parts]) -> Html | None:
    """Sentences as a list; nothing where there is none."""
    return tag("ul", *(tag("li", parts(one)) for one in found), class_="told") if found else None


def tree(branches: Sequence[Branch]) -> Html | None:
    """Sentences that rest on one another, as lists within lists; nothing where there is none."""
    if not branches:
        return None
    items: list[Html] = []
    position = 0
    while position < len(branches):
        first, end = branches[position], position + 1
        while end < len(branches) and branches[end].depth > first.depth:
            end += 1
        items.append(tag("li", parts(first.said), tree(branches[position + 1 : end])))
        position = end
    return tag("ul", many(items), class_="tree")


def number_of(request: Request) -> int:
    """Which page of a list is asked for."""
    asked = request.query_params.get("page", "")
    return int(asked) if re.fullmatch(r"[1-9][0-9]{0,4}", asked) else 1


def pager(here: str, number: int, total: int, size: int, more: str = "") -> Html | None:
    """The way to the page before and after; nothing where there is one page. `more` is asked for, too."""
    ways = ((number - 1, console.BEFORE, number > 1), (number + 1, console.AFTER, number * size < total))
    links = [tag("a", label, href=f"{here}?page={to}{more}") for to, label, is_one in ways if is_one]
    return tag("p", *links, class_="ways") if links else None
