"""Our one line in a build's description, beside whatever its author wrote. Pure."""

from __future__ import annotations

#: Begins the line that agent and library share.
OWN = "mfa: "

_VISIBLE = str.maketrans({"<": "‹", ">": "›"})


def with_line(old: str, says: str) -> str:
    """The description with our line as the first of ours, or at the end; the author's lines stay as they are.

    Angle brackets are replaced: on some controllers descriptions are HTML.
    """
    line = OWN + " ".join(says.split()).translate(_VISIBLE)
    lines = old.split("\n") if old else []
    ours = [place for place, text in enumerate(lines) if text.startswith(OWN)]
    if not ours:
        return "\n".join([*lines, line])
    kept = [text for place, text in enumerate(lines) if place not in ours[1:]]
    kept[ours[0]] = line
    return "\n".join(kept)
