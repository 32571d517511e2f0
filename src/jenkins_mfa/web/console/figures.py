"""`/console/report`: outcomes, times to decision, who answers, as plots."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.web.console.books import Books
from jenkins_mfa.web.console.frame import Frame
from jenkins_mfa.words import console
from jenkins_mfa.words.html import parts, tag

HERE = "/console/report"
DAYS = (7, 30, 90)  #: that a report is made of


class Figures:
    """The page."""

    def __init__(self, frame: Frame, books: Books) -> None:
        self._frame = frame
        self._books = books

    def show(self, request: Request, visit: Visit) -> Response:
        """The last 30 days, or as many as were chosen."""
        asked = request.query_params.get("days", "")
        days = next((one for one in DAYS if str(one) == asked), 30)
        drawn, at = self._books.report(days)
        ways = (
            tag(
                "a",
                console.days(one),
                href=self._frame.at(f"{HERE}?days={one}"),
                aria_current="true" if one == days else None,
            )
            for one in DAYS
        )
        return self._frame.page(
            request,
            visit,
            console.REPORT,
            tag("p", parts(console.counted(at)), class_="hint"),
            tag("p", *ways, class_="ways"),
            tag("div", drawn, class_="report"),
            here=HERE,
            style="report.css",
        )
