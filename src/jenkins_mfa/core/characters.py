"""Which characters may stand in what approvers read, and how much room a text takes (contract.md, S20).

The rules need only general categories and fixed ranges, so that the library for Pipelines can state the same
ones. A character that one side's Unicode version does not know is unassigned there and refused.
"""

from __future__ import annotations

import re
import unicodedata

MAX_MARKS = 2  #: combining marks in a row
MAX_FAULTS = 5  #: different characters that one text's faults name

#: Default-ignorable characters (Unicode, DerivedCoreProperties) that are neither format (Cf) nor unassigned.
_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
_WHITE = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
_CATEGORIES = {
    "Cc": "is a control character",
    "Cf": "cannot be seen",
    "Cn": "is not assigned",
    "Co": "has no agreed look",
    "Cs": "is half a character",
    "Zl": "is white space other than a plain space",
    "Zp": "is white space other than a plain space",
    "Zs": "is white space other than a plain space",
}
_WEIGHTS = {"&": 5, "<": 4, ">": 4, '"': 2, "\\": 2}


def fault(character: str) -> str:
    """Why a character is refused, as the rest of "U+202E, which …"; empty if it is allowed."""
    if " " <= character <= "~":
        return ""
    for pattern, why in (
        (_BIDI, "can reverse text"),
        (_BLANK, "looks like a space"),
        (_IGNORABLE, "cannot be seen"),
        (_WHITE, "is white space other than a plain space"),
    ):
        if pattern.match(character):
            return why
    return _CATEGORIES.get(unicodedata.category(character), "")


def faults(text: str) -> list[str]:
    """Verb phrases that say why `text` cannot be shown as it is; they name at most MAX_FAULTS characters."""
    found = []
    if text != text.strip(" "):
        found.append("begins or ends with a space")
    if "  " in text:
        found.append("holds two spaces in a row")
    wrong = [character for character in dict.fromkeys(text) if fault(character)]
    found += [f"holds U+{ord(character):04X}, which {fault(character)}. Remove it" for character in wrong[:MAX_FAULTS]]
    if _marks_in_a_row(text) > MAX_MARKS:
        found.append(f"holds more than {MAX_MARKS} combining marks in a row")
    return found


def shown(text: str) -> int:
    """How much room a text takes at most, in a message's blocks and in its plain text alike."""
    return sum(_WEIGHTS.get(character, 0) or len(character.encode(errors="replace")) for character in text)


def _marks_in_a_row(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character).startswith("M") else 0
        longest = max(longest, run)
    return longest
