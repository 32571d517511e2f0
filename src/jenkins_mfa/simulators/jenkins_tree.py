"""The `tree=` language of the Jenkins remote API: which fields of an exported object are written, and which
elements of a list. `a,b[c,d]{range}`; `*` means every field, the nested ones without their own fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

#: An exported object. A value that is a function is read only when the tree asks for it. `_class` is always
#: written where the object has one, as the real API does.
Bean = dict[str, Any]


class Named(dict[str, Any]):
    """A map in an exported object: all its names are written, the tree asks of its values."""


_TOKEN = re.compile(r"[\[\]{},]|[^\[\]{},]+")
_RANGE = re.compile(r"(\d*)(,?)(\d*)")


class TreeError(ValueError):
    """The tree expression is malformed; the real one answers 400."""


@dataclass(slots=True)
class Tree:
    """What is asked of one object: its fields, each with its own tree, and a range for a list of it."""

    fields: dict[str, Tree] = field(default_factory=dict)
    start: int = 0
    stop: int | None = None

    def child(self, name: str) -> Tree | None:
        """The tree of a field, or None when it is not asked for."""
        if name in self.fields:
            return self.fields[name]
        return LEAF if "*" in self.fields else None


LEAF = Tree()


def parse(text: str) -> Tree:
    """Read a tree expression. Raises TreeError."""
    tokens = _TOKEN.findall(text)
    tree = Tree()
    rest = _fields(tokens, 0, tree)
    if rest != len(tokens):
        raise TreeError(text)
    return tree


def _fields(tokens: list[str], at: int, tree: Tree) -> int:
    while at < len(tokens):
        name = tokens[at].strip()
        if name in "[]{}," or not name:
            raise TreeError(name)
        child = tree.fields.setdefault(name, Tree())
        at += 1
        if at < len(tokens) and tokens[at] == "[":
            at = _fields(tokens, at + 1, child)
            if at >= len(tokens) or tokens[at] != "]":
                raise TreeError(name)
            at += 1
        if at < len(tokens) and tokens[at] == "{":
            at = _range(tokens, at + 1, child)
        if at >= len(tokens) or tokens[at] != ",":
            return at
        at += 1
    raise TreeError("a name is missing")


def _range(tokens: list[str], at: int, tree: Tree) -> int:
    try:
        end = tokens.index("}", at)
    except ValueError as error:
        raise TreeError("{") from error
    match = _RANGE.fullmatch("".join(tokens[at:end]).replace(" ", ""))
    if not match or not (match[1] or match[3]):
        raise TreeError("{}")
    tree.start = int(match[1] or 0)
    if match[2]:
        tree.stop = int(match[3]) if match[3] else None
    else:
        tree.stop = tree.start + 1
    return end + 1


def prune(value: Any, tree: Tree) -> Any:
    """What `tree` leaves of an exported value: plain data for JSON."""
    if isinstance(value, Named):
        return {name: prune(item, tree) for name, item in value.items()}
    if isinstance(value, dict):
        return _prune_bean(value, tree)
    if isinstance(value, list):
        return [prune(item, tree) for item in value[tree.start : tree.stop]]
    return value


def _prune_bean(bean: Bean, tree: Tree) -> Bean:
    kept: Bean = {}
    for name, value in bean.items():
        child = tree.child(name)
        if name == "_class":
            kept[name] = value
        elif child is not None:
            kept[name] = prune(value() if callable(value) else value, child)
    return kept
