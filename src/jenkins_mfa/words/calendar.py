"""Which calendar has a rule ask: the freeze, the holiday, or the hours that it is outside (or inside) of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from jenkins_mfa.core.model import Reason
from jenkins_mfa.words import people, render
from jenkins_mfa.words.parts import Parts, Time, Word, listing, say


def because(nodes: Iterable[Reason], rules: Iterable[str], most: int) -> Parts:
    """As in "freeze christmas until Jan 6, 00:00 UTC: Half the team is away.", each once, `most` of them; the reasons
    only where there is room for all names. Nothing where the rules ask whatever the time.
    """
    wanted = {*rules}
    asked = (one for node in nodes if node.values.get("rule") in wanted for one in _questions(node))
    said = list(dict.fromkeys(_said(one, whole=most >= people.MOST) for one in asked))
    return listing(said, most, "and", "calendars")


def _questions(node: Reason) -> Iterator[Reason]:
    """The questions about calendars that were answered yes; what a `not` holds was answered no."""
    if node.holds is True and node.code in {"inside", "outside"}:
        yield node
    for child in node.children if node.code != "not" else ():
        yield from _questions(child)


def _said(node: Reason, *, whole: bool) -> Parts:
    values = node.values
    if "freeze" in values:
        until = Time(int(datetime.fromisoformat(values["until"]).timestamp() * 1000))
        said = say("freeze {name} until {until}", name=_ours(values["freeze"]), until=until)
        return say("{said}: {reason}", said=said, reason=_ours(values["reason"])) if whole else said
    if "holiday" in values:
        return say("holiday {name}", name=_ours(values["holiday"]))
    return say(f"{node.code} {{calendar}}", calendar=_ours(values.get("wanted", "")))


def _ours(text: str) -> Word:
    return Word(render.visible(text, quoted=False))
