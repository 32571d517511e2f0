"""One page: head, a heading, its content, a place where the script speaks. All markup is made by words/html.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.responses import HTMLResponse

from jenkins_mfa.core.model import Authenticator
from jenkins_mfa.words import pages, render
from jenkins_mfa.words.html import Content, Html, many, tag

CODE = 40  #: characters of a typed code that are looked at; it has six digits

_SHIELD = (
    ("rect", {"width": 32, "height": 32, "rx": 8, "class_": "mark"}),
    ("path", {"d": "M16 5l9 3.4v7.2c0 5.6-3.7 9.9-9 11.4-5.3-1.5-9-5.8-9-11.4V8.4z", "class_": "shield"}),
    ("path", {"d": "M12 15.8l3 3 5.4-6", "class_": "tick-mark"}),
)


def document(
    title: Content,
    content: Iterable[Content],
    data: Mapping[str, str],
    *,
    root: str,
    name: str = "",
    window: str = "",
    status: int = 200,
    script: str = "page.js",
    style: str = "",
    nav: Html | None = None,
) -> HTMLResponse:
    """A page. `name` says which part of the script it is for, `data` is what that part needs to know. `window` is the
    title where that holds markup; `style` is a further style sheet, and `nav` leads to other pages, before this one.
    `root` is the path under which all of them are.
    """
    head = _head(f"{window or title} · {pages.NAME}", root, style, script if name else "")
    known = {f"data_{key}": text for key, text in (pages.SCRIPT | dict(data) if name else data).items()}
    main = tag(
        "main",
        tag("h1", title),
        tag("noscript", tag("p", pages.NO_SCRIPT, class_="note bad")) if name else None,
        *content,
        tag("p", role="status", id="status", tabindex="-1"),
        id="main",
        data_page=name or None,
        **known,
    )
    shield = tag("svg", *(tag(shape, **values) for shape, values in _SHIELD), viewBox="0 0 32 32", aria_hidden="true")
    top = tag("header", shield, tag("span", pages.NAME))
    skip = tag("a", pages.SKIP, href="#main", class_="skip") if nav else None
    body = tag("body", skip, top, nav, main, class_="wide" if nav else None)
    return HTMLResponse(f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n", status)


def _head(title: str, root: str, style: str, script: str) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="stylesheet", href=f"{root}/static/page.css"),
        tag("link", rel="stylesheet", href=f"{root}/static/{style}") if style else None,
        tag("link", rel="icon", href=f"{root}/static/icon.svg"),
        tag("script", src=f"{root}/static/{script}", type="module") if script else None,
    )


def elsewhere() -> Html:
    """What the script shows where there is no WebAuthn: in the browser inside an app, or without TLS."""
    return tag(
        "section",
        tag("h2", pages.ELSEWHERE_TITLE),
        tag("p", pages.ELSEWHERE_TEXT),
        tag("label", pages.ADDRESS_LABEL, for_="address"),
        tag("input", id="address", readonly="readonly"),
        tag("button", pages.COPY, type="button", id="copy"),
        id="elsewhere",
        hidden="hidden",
    )


def code_field(label: str, hint: str = "") -> Html:
    """Where six digits are typed."""
    field = tag(
        "input",
        id="code",
        inputmode="numeric",
        autocomplete="one-time-code",
        maxlength=9,
        aria_describedby="code-hint" if hint else None,
    )
    said = tag("p", hint, class_="hint", id="code-hint") if hint else None
    return many([tag("label", label, for_="code"), said, field])


def choice(keys: tuple[Authenticator, ...]) -> Html:
    """Which key, where there are several; the one that was used last stands first."""
    if len(keys) == 1:
        return tag("input", type="hidden", id="key", value=keys[0].id)
    options = (tag("option", render.terminal(pages.key(key)), value=key.id) for key in keys)
    return many([tag("label", pages.KEY_LABEL, for_="key"), tag("select", *options, id="key")])
