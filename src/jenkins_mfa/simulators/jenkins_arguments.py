"""The arguments of the gate step, as the library for Pipelines takes them, and the request that they make.

`faults` says all that is wrong with them at once; what they and the library share is left to core.request.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jenkins_mfa.core import request
from jenkins_mfa.errors import RequestError

LIBRARY = "1.0.0"  #: the version of the library that this step mirrors

KNOWN = (
    "action",
    "details",
    "environment",
    "factor",
    "message",
    "quorum",
    "subject",
    "timeoutMinutes",
    "watchEnv",
)
_SECRET = re.compile(
    r"PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|APIKEY|(^|_)(PASS|PWD|CREDS?|AUTH|KEYS?)(_|$)",
    re.IGNORECASE,
)
#: Where core.request finds a fault -> what the author calls it.
_PLACES = (
    ("ask.factor ", "factor "),
    ("ask.quorum ", "quorum "),
    ("ask.ttl ", "timeoutMinutes "),
    ("variables.", "watchEnv: "),
    ("variables ", "watchEnv "),
    ("unset ", "watchEnv "),
    ("request ", "the request "),
)


def faults(args: Mapping[str, Any]) -> list[str]:
    """What is wrong with the names and kinds of the arguments, each a sentence."""
    found = [_unknown(name) for name in args if name not in KNOWN]
    if "environment" not in args:
        found.append("environment is missing.")
    found.extend(
        f"{name} is {_described(args[name])}; text is needed."
        for name in ("environment", "action", "message")
        if name in args and not isinstance(args[name], str)
    )
    for name, most in (("quorum", 10), ("timeoutMinutes", 1440)):
        value = args.get(name, 1)
        if type(value) is not int or not 1 <= value <= most:
            text = " (text)" if isinstance(value, str) else ""
            found.append(f"{name} is {_described(value)}{text}; a whole number from 1 to {most} is needed.")
    if args.get("factor", "push") not in request.FACTORS:
        known = ", ".join(request.FACTORS)
        found.append(f"factor {_described(args['factor'])} is not known: {known}.")
    return [*found, *_faults_of_parts(args)]


def _faults_of_parts(args: Mapping[str, Any]) -> list[str]:
    found = [
        f"{name} is {_described(args[name])}; names and values are needed."
        for name in ("details", "subject")
        if not isinstance(args.get(name, {}), Mapping)
    ]
    details = args.get("details")
    for name, value in details.items() if isinstance(details, Mapping) else ():
        if _plain(value) is None:
            found.append(f"details.{name} is {_described(value)}; text, number, true or false is needed.")
    watched = args.get("watchEnv", [])
    if not isinstance(watched, list) or not all(isinstance(name, str) for name in watched):
        return [*found, f"watchEnv is {_described(watched)}; a list of names is needed."]
    found.extend(f"watchEnv: {n} looks like a secret and is not sent." for n in watched if _SECRET.search(n))
    return found


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, KNOWN, 1, 0)
    return f'"{name}" is not an argument. Nearest: {near[0]}. Known: {", ".join(KNOWN)}.'


def _described(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if callable(value):
        return "a closure"
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else "a list" if isinstance(value, list) else str(value)


def _plain(value: object) -> str | None:
    """A detail as text; None for what is neither text, number, true nor false."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float, Decimal)) else None


def fields(args: Mapping[str, Any], env: Mapping[str, str], **own: Any) -> dict[str, Any]:
    """The request's fields, for arguments without a fault; `own` is what the step adds: kids, at, number, run."""
    action = args.get("action", "run")
    asked = {"factor": args.get("factor"), "quorum": args.get("quorum")}
    if "timeoutMinutes" in args:
        asked["ttl"] = args["timeoutMinutes"] * 60
    names = list(dict.fromkeys(args.get("watchEnv", [])))
    optional: dict[str, Any] = {
        "details": {name: _plain(value) for name, value in args.get("details", {}).items()},
        "variables": {name: env[name] for name in names if name in env},
        "unset": [name for name in names if name not in env],
        "ask": {name: value for name, value in asked.items() if value is not None},
    }
    if "subject" in args:
        optional["subject"] = dict(args["subject"])
    return {
        "lib": LIBRARY,
        **own,
        "environment": args["environment"],
        "action": action,
        "message": args.get("message", f"{action}, {args['environment']}"),
        **{name: part for name, part in optional.items() if part or name == "subject"},
    }


def refused(text: str) -> list[str]:
    """What keeps a request's text from being asked, in the author's words."""
    try:
        request.parse(text)
    except RequestError as error:
        return [_renamed(problem) for problem in error.problems]
    return []


def _renamed(problem: str) -> str:
    for place, name in _PLACES:
        if problem.startswith(place):
            return name + problem.removeprefix(place)
    return problem
