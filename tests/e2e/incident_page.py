"""The procedures of docs/incidents.md: each command is played as it is written there, and none is left out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from at_terminal import at_terminal
from command import run

PAGE = Path(__file__).parents[2] / "docs" / "incidents.md"
COMMAND = re.compile(r"`jenkins-mfa ([^`]+)`")


class Procedure:
    """One section of the page."""

    def __init__(self, title: str, config: Path) -> None:
        sections = PAGE.read_text().split("\n## ")
        section = next(part for part in sections if part.startswith(f"{title}\n"))
        self._config = config
        self.left = list(dict.fromkeys(COMMAND.findall(" ".join(section.split()))))

    def run(self, written: str, *options: str, code: int | None = 0, **names: str) -> str:
        """What one of its commands prints, with these names in place of the page's (ID, NAME), and options for whoever
        has no terminal. `code` None: it may end with any.
        """
        done = run(*self._line(written, names), *options, config=self._config)
        assert code in {None, done.returncode}, f"{written}: {done.stdout}{done.stderr}"
        return done.stdout

    def at_terminal(self, written: str, answer: Callable[[str], str] = lambda _: "", **names: str) -> str:
        """The same for one that runs at a terminal only."""
        code, shown = at_terminal(*self._line(written, names), config=self._config, answer=answer)
        assert code == 0, f"{written}: {shown}"
        return shown

    def _line(self, written: str, names: dict[str, str]) -> list[str]:
        assert written in self.left, f"the page does not say: jenkins-mfa {written}"
        self.left.remove(written)
        return [names.get(word, word) for word in shlex.split(written.partition(" > ")[0])]
