"""The arguments of the gate step, as the library for Pipelines takes them, and the request that they make.

`faults` says all that is wrong at once, in the sentences of the library; the shared vectors hold both to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jenkins_mfa.core import characters, request
from jenkins_mfa.core.secret_names import looks_secret
from jenkins_mfa.simulators.jenkins_gate_words import described, nearest, visible

LIBRARY = "1.0.0"  #: the version of the library that this step mirrors

KNOWN = ("action", "details", "environment", "factor", "message", "quorum", "subject", "timeoutMinutes", "watchEnv")
_SLUG = "up to 64 of a-z, 0-9, dot, dash and underscore are needed, a letter or digit first."
_NAME = "needs another name: up to 64 of a-z, A-Z, 0-9, dot, dash, slash and underscore, a letter or digit first."
_MAX_ENTRIES, _MAX_VALUE, _MAX_MESSAGE = 20, 200, 300  #: of details and of watchEnv; characters (code points)


def faults(args: Mapping[str, Any]) -> list[str]:
    """What is wrong with the arguments, each a sentence."""
    found = [
        f'"{visible(name)}" is not an argument. Nearest: {nearest(name, KNOWN)}. Known: {", ".join(KNOWN)}.'
        for name in args
        if name not in KNOWN
    ]
    if "environment" not in args:
        found.append("environment is missing.")
    for name in ("environment", "action"):
        if name in args:
            found += _faults_of_slug(name, args[name])
    if "message" in args:
        found += _faults_of_text("message", args["message"], _MAX_MESSAGE)
    found += [*_faults_of_subject(args), *_faults_of_details(args), *_faults_of_watched(args)]
    for name, most in (("quorum", 10), ("timeoutMinutes", 1440)):
        value = args.get(name, 1)
        if type(value) is not int or not 1 <= value <= most:
            text = " (text)" if isinstance(value, str) else ""
            found.append(f"{name} is {described(value)}{text}; a whole number from 1 to {most} is needed.")
    if args.get("factor", "push") not in request.FACTORS:
        found.append(f"factor {described(args['factor'])} is not known: {', '.join(request.FACTORS)}.")
    return found


def _faults_of_slug(name: str, value: object) -> list[str]:
    if not isinstance(value, str):
        return [f"{name} is {described(value)}; text is needed."]
    return [] if re.fullmatch(request.SLUG, value) else [f"{name} is {described(value)}; {_SLUG}"]


def _faults_of_text(name: str, value: object, most: int) -> list[str]:
    if not isinstance(value, str):
        return [f"{name} is {described(value)}; text is needed."]
    return _faults_of_value(name, value, most) if value else [f"{name} is empty; 1 to {most} characters are needed."]


def _faults_of_value(name: str, value: str, most: int) -> list[str]:
    long = f"{name} is {len(value)} characters long; {most} are allowed, and nothing is cut."
    return [*([long] if len(value) > most else []), *(f"{name} {fault}." for fault in characters.faults(value))]


def _faults_of_subject(args: Mapping[str, Any]) -> list[str]:
    subject = args.get("subject", {"name": "none"})
    if not isinstance(subject, Mapping):
        return [f"subject is {described(subject)}; [name: …, digest: …] is needed."]
    found = [
        f"subject.{visible(name)} is not known: digest, name." for name in subject if name not in ("digest", "name")
    ]
    if "name" in subject:
        found += _faults_of_text("subject.name", subject["name"], _MAX_VALUE)
    else:
        found.append("subject.name is missing.")
    digest = subject.get("digest", "sha256:" + "0" * 64)
    if not isinstance(digest, str) or not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        found.append(f"subject.digest is {described(digest)}; sha256: and 64 of 0-9, a-f are needed.")
    return found


def _faults_of_details(args: Mapping[str, Any]) -> list[str]:
    details = args.get("details", {})
    if not isinstance(details, Mapping) or "" in details:
        return [f"details is {described(details)}; names and values are needed, such as [version: params.VERSION]."]
    found = _too_many("details", len(details))
    for name, value in details.items():
        place, text = f"details.{visible(name)}", plain(value)
        if name in request.RESERVED_DETAILS:
            found.append(f"{place} has the name of an own line; it needs another one.")
        elif not re.fullmatch(request.DETAIL, name):
            found.append(f"{place} {_NAME}")
        if text is None:
            found.append(f"{place} is {described(value)}; text, number, true or false is needed.")
        else:
            found += _faults_of_value(place, text, _MAX_VALUE)
    return found


def _faults_of_watched(args: Mapping[str, Any]) -> list[str]:
    names = args.get("watchEnv", [])
    if not isinstance(names, list):
        return [f"watchEnv is {described(names)}; a list of names is needed."]
    found = _too_many("watchEnv", len(names))
    if any(name in names[:at] for at, name in enumerate(names)):
        found.append("watchEnv names one variable twice.")
    for name in names:
        if not isinstance(name, str):
            found.append(f"watchEnv: holds {described(name)}; names are needed.")
        elif not re.fullmatch(request.VARIABLE, name):
            found.append(f"watchEnv: {described(name)} is no name of a variable.")
        elif looks_secret(name):
            found.append(f"watchEnv: {name} looks like a secret and is not sent.")
    return found


def _too_many(name: str, entries: int) -> list[str]:
    return [f"{name} has {entries} entries; {_MAX_ENTRIES} are allowed."] if entries > _MAX_ENTRIES else []


def plain(value: object) -> str | None:
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
    names = args.get("watchEnv", [])
    optional: dict[str, Any] = {
        "subject": dict(args.get("subject", {})),
        "details": {name: plain(value) for name, value in args.get("details", {}).items()},
        "variables": {name: env[name] for name in names if name in env},
        "unset": [name for name in names if name not in env],
        "ask": {name: value for name, value in asked.items() if value is not None},
    }
    return {
        "lib": LIBRARY,
        **own,
        "environment": args["environment"],
        "action": action,
        "message": args.get("message", f"{action}, {args['environment']}"),
        **{name: part for name, part in optional.items() if part},
    }


def faults_of_request(fields: Mapping[str, Any]) -> list[str]:
    """What else keeps a request from being asked: the variables' values, the job's name, the size of the whole."""
    found = []
    for name, value in fields.get("variables", {}).items():
        found += _faults_of_value(f"watchEnv: {name}", value, _MAX_VALUE)
    found += _faults_of_value("the name of this job", fields["run"]["pipeline"], 1000)
    return found or _faults_of_size(fields)


def _faults_of_size(fields: Mapping[str, Any]) -> list[str]:
    pairs = {
        name: sum(characters.shown(key) + characters.shown(text) + request.PAIR_ROOM for key, text in part.items())
        for name, part in (("details", fields.get("details", {})), ("variables", fields.get("variables", {})))
    }
    unset = sum(characters.shown(name) + request.UNSET_ROOM for name in fields.get("unset", []))
    subject = fields.get("subject", {})
    parts = {
        "message": characters.shown(fields["message"]),
        "subject": sum(map(characters.shown, subject.values())) + request.SUBJECT_ROOM if subject else 0,
        "details": pairs["details"],
        "watchEnv": pairs["variables"] + unset,
    }
    most, its = max(parts.items(), key=lambda part: part[1])
    slugs = characters.shown(fields["action"]) + characters.shown(fields["environment"])
    room = request.LABELS_ROOM + slugs + sum(parts.values())
    size = len(request.build_text(fields).encode())
    return [
        f"the request {is_} {value:,} {what}; {allowed:,} are allowed: shorten {most} ({its:,})."
        for is_, value, what, allowed in (
            ("takes", room, "to show", request.MAX_SHOWN),
            ("is", size, "bytes long", request.MAX_BYTES),
        )
        if value > allowed
    ]
