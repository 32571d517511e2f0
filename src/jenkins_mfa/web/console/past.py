"""`/console/history`: the trail, newest first, with what somebody looks for in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from jenkins_mfa.core.chain import Linked
from jenkins_mfa.core.model import Entry
from jenkins_mfa.core.policy import globs
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.search import Wanted
from jenkins_mfa.core.units import DAY
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.usecases.ports import Store
from jenkins_mfa.web.console.frame import Frame
from jenkins_mfa.words import console, history
from jenkins_mfa.words.html import Html, many, parts, tag

HERE = "/console/history"
PAGE = 50  #: events on one page
CHUNK = 200  #: events per read
LOOKED = 2_000  #: events that one page looks at; the next one goes on behind them
_TEXT = 200  #: characters of one field


@dataclass(frozen=True, slots=True)
class Found:
    """Events with their numbers (None for one that cannot be read), newest first, and where it goes on (0: over)."""

    events: tuple[tuple[int, Entry | None], ...]
    rest: int


def search(store: Store, wanted: Wanted, before: int) -> Found:
    """The newest events before a sequence number that are wanted: PAGE at most, of LOOKED that were looked at."""
    found: list[tuple[int, Entry | None]] = []
    looked, last = 0, before
    for linked in _backwards(store, before):
        looked, last = looked + 1, linked.seq
        try:
            entry = linked.entry
        except UntrustedInputError:
            found.append((linked.seq, None))
            continue
        if entry.at < wanted.since:
            return Found(tuple(found), 0)
        if wanted.matches(entry):
            found.append((linked.seq, entry))
        if len(found) == PAGE or looked == LOOKED:
            return Found(tuple(found), last if last > 1 else 0)
    return Found(tuple(found), 0)


def _backwards(store: Store, before: int) -> Iterator[Linked]:
    """The trail from before a sequence number, newest first."""
    while before > 1:
        start = max(1, before - CHUNK)
        chunk = [one for one in store.audit_events(start, before - start) if one.seq < before]
        if not chunk:
            return  # what was before is in the copies alone
        yield from reversed(chunk)
        before = start


class Past:
    """The page."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._desk = frame.desk

    def show(self, request: Request, visit: Visit) -> Response:
        """One page of what was looked for."""
        asked = request.query_params
        problem, wanted = _wanted(asked)
        before = _seq(asked.get("before", "")) or self._desk.store.heads().seq + 1
        found = search(self._desk.store, wanted, before) if not problem else Found((), 0)
        return self._frame.page(
            request,
            visit,
            console.HISTORY,
            self._form(asked),
            tag("p", problem, class_="note bad", role="alert") if problem else self._table(found),
            self._older(asked, found),
            here=HERE,
        )

    def _form(self, asked: QueryParams) -> Html:
        """What can be asked: each field with its label before it."""
        people = [("", console.ANYBODY), *sorted((one.id, one.name) for one in self._desk.roster.people.values())]
        outcomes = [("", console.ANYTHING), *console.OUTCOMES.items()]
        fields = (
            _choice("person", console.PERSON, people, asked.get("person", "")),
            _choice("outcome", console.OUTCOME, outcomes, asked.get("outcome", "")),
            _field("job", console.JOB, asked.get("job", ""), placeholder="payments/*"),
            _field("gate", console.GATE, asked.get("gate", ""), placeholder="8f2c"),
            _field("since", console.SINCE, asked.get("since", ""), type="date"),
            _field("until", console.UNTIL, asked.get("until", ""), type="date"),
        )
        return tag(
            "form",
            *fields,
            tag("button", console.SEARCH, class_="first"),
            method="get",
            action=self._frame.at(HERE),
            class_="filters",
        )

    def _table(self, found: Found) -> Html:
        if not found.events:
            return tag("p", console.FURTHER if found.rest else console.NONE)
        return tag("ol", many(self._row(*one) for one in found.events), class_="events")

    def _row(self, seq: int, entry: Entry | None) -> Html:
        if entry is None:
            return tag("li", parts(console.damaged_event(seq)))
        build = tag("p", self._about(entry), class_="hint") if entry.gate and entry.run else None
        return tag("li", parts(console.event(entry.at, history.sentence(entry, self._desk.roster))), build)

    def _about(self, entry: Entry) -> Html:
        return tag("a", parts(history.about(entry)), href=self._frame.at(f"/console/gates/{entry.gate}"))

    def _older(self, asked: QueryParams, found: Found) -> Html | None:
        if not found.rest:
            return None
        query = urlencode([(key, value) for key, value in asked.items() if key != "before"] + [("before", found.rest)])
        return tag("p", tag("a", console.OLDER, href=self._frame.at(f"{HERE}?{query}")), class_="ways")


def _wanted(asked: QueryParams) -> tuple[str, Wanted]:
    """What is wrong with the fields (empty: nothing), and what they ask for."""
    job, until = asked.get("job", "")[:_TEXT], _day(asked.get("until", ""))
    since = _day(asked.get("since", ""))
    wrong = globs.problem(job) if job else ""
    if wrong:
        return console.unfit_job(wrong), Wanted()
    if None in (since, until):
        return console.UNFIT_DAY, Wanted()
    return "", Wanted(
        asked.get("person", "")[:_TEXT],
        Globs((job,)) if job else None,
        asked.get("outcome", "")[:_TEXT],
        asked.get("gate", "")[:_TEXT].lower(),
        since or 0,
        until + DAY if until else None,
    )


def _day(text: str) -> int | None:
    """The first moment of a day in UTC (ms); 0 for none, None for what is no day."""
    if not text:
        return 0
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


def _seq(text: str) -> int:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,14}", text) else 0


def _field(name: str, label: str, value: str, **more: str) -> Html:
    field = tag("input", id=name, name=name, value=value[:_TEXT], maxlength=_TEXT, **more)
    return tag("div", tag("label", label, for_=name), field)


def _choice(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> Html:
    listed = (
        tag("option", text, value=value, selected="selected" if value == chosen else None) for value, text in options
    )
    return tag("div", tag("label", label, for_=name), tag("select", *listed, id=name, name=name))
