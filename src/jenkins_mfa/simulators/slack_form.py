"""How Slack's own form fills a modal's state, and what it refuses before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jenkins_mfa.simulators.slack_model import ImpossibleActionError


def fill_in(form: dict[str, Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The `state.values` of a form and the errors at its fields, by block_id.

    `values` by block_id: a text, or an option's value, or for checkboxes a list of them.
    """
    fields = {block["block_id"]: block for block in form["blocks"] if block["type"] == "input"}
    unknown = values.keys() - fields.keys()
    if unknown:
        raise ImpossibleActionError(f"the form has no field {', '.join(sorted(unknown))}")
    state, errors = {}, {}
    for block_id, block in fields.items():
        element = block["element"]
        filled = _fill(element, values.get(block_id))
        state[block_id] = {element["action_id"]: filled}
        problem = _problem(block, element, filled)
        if problem:
            errors[block_id] = problem
    return state, errors


def _fill(element: dict[str, Any], value: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": value if value is not None else element.get("initial_value")}
    if kind == "checkboxes":
        chosen = element.get("initial_options", []) if value is None else _options(element, value)
        return {"type": kind, "selected_options": chosen}
    chosen = element.get("initial_option") if value is None else _options(element, [value])[0]
    return {"type": kind, "selected_option": chosen}


def _options(element: dict[str, Any], values: list[str]) -> list[dict[str, Any]]:
    by_value = {option["value"]: option for option in element["options"]}
    if not set(values) <= by_value.keys():
        raise ImpossibleActionError(f"no such option in {sorted(by_value)}")
    return [by_value[value] for value in values]


def _problem(block: dict[str, Any], element: dict[str, Any], filled: dict[str, Any]) -> str | None:
    content = next(filled[key] for key in filled if key != "type")
    if not content:
        return None if block.get("optional") else "Please complete this required field."
    if element["type"] != "plain_text_input":
        return None
    if len(content) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(content) > element.get("max_length", 3000):
        return f"Please enter at most {element['max_length']} characters."
    return None
