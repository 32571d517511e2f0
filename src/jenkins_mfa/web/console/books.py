"""What the console shows and does not make itself: whoever puts the agent together gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jenkins_mfa.words.html import Html


@dataclass(frozen=True, slots=True)
class Books:
    """`report` draws the last so many days, and tells of which moment that is (ms UTC); `style` is its style sheet.
    `policy` is the text of the file from which the policy of that SHA-256 was read; empty where another one stands
    there by now.
    """

    report: Callable[[int], tuple[Html, int]]
    style: str
    policy: Callable[[str], str]
