"""Shapes of JSON as small rules that combine; each yields what is wrong and the JSON pointer to its place."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]
"""Takes a value and its JSON pointer; yields one sentence for each fault, worded as Slack words them."""


def string(limit: int, least: int = 1, escaped: bool = False) -> Rule:
    """A string of `least` to `limit` characters; `escaped` counts `&`, `<`, `>` as Slack stores them."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"must be a string [json-pointer:{at}]"
            return
        size = len(html.escape(value, quote=False)) if escaped else len(value)
        if size > limit:
            yield f"must be less than {limit + 1} characters [json-pointer:{at}]"
        if size < least:
            yield f"must be more than {least - 1} characters [json-pointer:{at}]"

    return rule


def integer(low: int, high: int) -> Rule:
    """A whole number from `low` to `high`."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield f"must be a whole number from {low} to {high} [json-pointer:{at}]"

    return rule


def one_of(*allowed: str) -> Rule:
    """One of the `allowed` strings."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield f"must be one of {', '.join(allowed)} [json-pointer:{at}]"

    return rule


def boolean(value: Any, at: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield f"must be a boolean [json-pointer:{at}]"


def array(item: Rule, least: int, most: int) -> Rule:
    """A list of `least` to `most` items, each as `item` says."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"must be an array [json-pointer:{at}]"
            return
        if len(value) > most:
            yield f"no more than {most} items allowed [json-pointer:{at}]"
        if len(value) < least:
            yield f"must have at least {least} items [json-pointer:{at}]"
        for index, inner in enumerate(value):
            yield from item(inner, f"{at}/{index}")

    return rule


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with these members and no others; its `type` is looked at by `typed`."""
    known = {**required, **(optional or {})}

    def rule(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"must be an object [json-pointer:{at}]"
            return
        for key in required.keys() - value.keys():
            yield f"missing required field: {key} [json-pointer:{at}]"
        for key, inner in value.items():
            if key in known:
                yield from known[key](inner, f"{at}/{key}")
            elif key != "type":
                yield f"invalid additional property: {key} [json-pointer:{at}]"

    return rule


def typed(table: Mapping[str, Rule]) -> Rule:
    """An object whose `type` chooses its rule; any other type is unsupported."""

    def rule(value: Any, at: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in table:
            yield from table[kind](value, at)
        else:
            yield f"unsupported type: {kind} [json-pointer:{at}/type]"

    return rule
