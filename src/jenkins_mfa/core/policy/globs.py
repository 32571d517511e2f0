"""Shell globs over texts: case-sensitive; `*` crosses slashes, as names of pipelines are paths of any depth."""

from __future__ import annotations

import fnmatch
import functools
import re
from dataclasses import dataclass, field

LONGEST = 1_000  #: characters of one pattern; what it costs to look at grows with their square


@dataclass(frozen=True, slots=True)
class Globs:
    """One or more patterns (`*`, `?`, `[abc]`, `[!abc]`), compiled once. None at all match nothing."""

    patterns: tuple[str, ...]
    _compiled: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", _compiled(self.patterns))

    def match(self, text: str) -> bool:
        """Whether one of the patterns matches the whole text."""
        return self._compiled.match(text) is not None

    def __str__(self) -> str:
        return ", ".join(self.patterns)


@functools.lru_cache(maxsize=8192)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Kept, since a policy that is read anew has mostly the patterns of the one before."""
    return re.compile("|".join(f"(?:{fnmatch.translate(pattern)})" for pattern in patterns) or r"(?!)")


def problem(pattern: str) -> str:
    """What is wrong with a pattern, or an empty text: a bracket that is never closed would match itself only."""
    if len(pattern) > LONGEST:
        return f"is longer than {LONGEST} characters"
    rest = re.sub(r"\[!?+\]?+[^\]]*\]", "", pattern)
    if not pattern:
        return "is empty"
    if "[" in rest:
        return "has a [ that is never closed"
    return ""
