"""QR codes as inline SVG: an empty place in the page, and the drawing that its script puts there, once."""

from __future__ import annotations

import segno

from jenkins_mfa.words.html import Html, tag


def place(label: str) -> Html:
    """Where the drawing goes; `label` says what it holds to those who do not see it."""
    drawing = tag("svg", tag("path", d="", id="qr-path"), id="qr", role="img", aria_label=label)
    return tag("div", drawing, class_="qr")


def drawn(text: str) -> dict[str, str | int]:
    """The dark modules as one SVG path, a unit each, and how many modules wide it is."""
    code = segno.make(text, error="l", micro=False)
    rows = enumerate(code.matrix)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in rows for x, dark in enumerate(row) if dark)
    return {"path": path, "size": len(code.matrix)}
