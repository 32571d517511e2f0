"""Our one line in a build's description, beside whatever its author wrote. Pure."""

from __future__ import annotations

#: Begins the line that agent and library share.
OWN = "mfa: "
#: Begins what that line says on an account's page.
OWNER = "installation "
#: How it begins while a build waits; the library's words among them.
WAITS = ("waiting", "break-glass: waiting", "held")

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


def waits(text: str) -> bool:
    """Whether our line says that the build waits."""
    ours = next((line.removeprefix(OWN) for line in text.split("\n") if line.startswith(OWN)), "")
    return ours.startswith(WAITS)


def owner(text: str) -> str:
    """The installation that an account's description names; empty where it names none."""
    begins = OWN + OWNER
    return next((line.removeprefix(begins).strip()[:32] for line in text.split("\n") if line.startswith(begins)), "")
