"""HTML and SVG, escaped where they are made: plain text can never become markup, and foreign text keeps its look.

>>> tag("b", "a < b", class_="note")
'<b class="note">a &lt; b</b>'
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from jenkins_mfa.words import render
from jenkins_mfa.words.parts import Claim, Fact, Link, Part, Parts, Quote, Time

VOID = frozenset(
    {"meta", "br", "rect", "line", "circle", "path", "col", "input", "link"}
)  #: written without an end tag
SHAPES = frozenset({"rect", "line", "circle", "path"})  #: of SVG, which is XML
MOST = 1_000  #: characters of one foreign text that a page shows: more than a gate's facts have


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Content = str | Html | None


def tag(name: str, /, *content: Content, **attributes: str | float | None) -> Html:
    """An element. Content that is not Html is escaped; None is left out. `class_` is `class`, `a_b` is `a-b`."""
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in VOID:
        return Html(f"<{name}{written}/>" if name in SHAPES else f"<{name}{written}>")
    return Html(f"<{name}{written}>{many(content)}</{name}>")


def many(content: Iterable[Content]) -> Html:
    """Several pieces, one after the other."""
    return Html("".join(one if isinstance(one, Html) else html.escape(one) for one in content if one is not None))


def _attribute(key: str, value: str | float) -> str:
    if isinstance(value, float):
        value = f"{value:.1f}".removesuffix(".0")
    return f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'


def parts(found: Parts) -> Html:
    """A sentence: words of ours as text, what others wrote as a chip, which nothing of ours looks like."""
    return many(_part(one) for one in found)


def _part(part: Part) -> Content:
    match part:
        case Fact(text) | Claim(text):
            return chip(text)
        case Quote(text):
            return tag("q", _shown(text), class_="said")
        case Link(url, text):
            return link(url, text)
        case Time(at):
            return tag("time", render.terminal((part,)), datetime=render.iso(at))
    return render.terminal((part,))


def chip(text: str) -> Html:
    """Foreign text; what cannot be seen or turns text around is written out."""
    return tag("code", _shown(text))


def link(url: str, text: str) -> Html:
    """A link to a page of the source, which is told nothing about this page."""
    return tag("a", text, href=url, rel="noreferrer noopener")


def _shown(text: str) -> str:
    shown = render.visible(text, quoted=False)
    return (shown if len(shown) <= MOST else f"{shown[:MOST]}…") or render.EMPTY
