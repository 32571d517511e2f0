"""MFA_REQUEST, version 1: what a paused run asks, as text (untrusted) and as a value (contract.md).

Its digest is taken over exactly the bytes that came, never over a text written anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from jenkins_mfa.core import characters, strict_json
from jenkins_mfa.core.model import Claims, Factor
from jenkins_mfa.core.request_reader import Reader
from jenkins_mfa.errors import RequestError, UntrustedInputError

VERSION = 1  #: the only version of the request that this agent reads
MAX_BYTES = 4096  #: of UTF-8, the whole text
MAX_DEPTH = 2  #: the request and the objects in it
MAX_SHOWN = 2200  #: see `shown_request`
MAX_DETAILS = 20  #: entries of details
MAX_VARIABLES = 20  #: entries of variables and unset together

LATEST = 10**11  #: Unix seconds; a later `at` is in milliseconds or nonsense

PAIR_ROOM = 6  #: what stands around one name and its value in a message
UNSET_ROOM = 12  #: the same for an unset variable
SUBJECT_ROOM = 12  #: the labels of subject and digest
LABELS_ROOM = 36  #: the labels of message, action and environment

REQUIRED = ("v", "lib", "kids", "at", "number", "run", "environment", "action", "message")
OPTIONAL = ("subject", "details", "variables", "unset", "ask")
RESERVED_DETAILS = frozenset(
    {"message", "action", "environment", "subject", "digest"}
)  #: labels of the box in messages
KID = r"[A-Za-z0-9_-]{1,32}"
SLUG = r"[a-z0-9][a-z0-9._-]{0,63}"
DETAIL = r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
FACTORS = ("push", "push+number", "totp", "webauthn")

shown = characters.shown


class RequestVersionError(RequestError):
    """The request is of another version: the gate is denied with an alert, library and agent do not fit."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, all of it claims. Empty texts and tuples stand for what is absent; pairs are sorted.

    `at` is the run's own clock in Unix seconds, `ttl` is in seconds. `number` is for typing back only: it is
    in no repr and in nothing that `without_number` gives.
    """

    lib: str
    kids: tuple[str, ...]
    at: int
    number: str = field(repr=False)
    pipeline: str
    run_id: str
    environment: str
    action: str
    message: str
    subject_name: str = ""
    subject_digest: str = ""
    details: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    unset: tuple[str, ...] = ()
    factor: str | None = None
    quorum: int | None = None
    ttl: int | None = None


def build_text(fields: Mapping[str, object]) -> str:
    """The canonical text for `fields` (the contract's keys; `v` is added), as the library writes it.

    Nothing is checked here; `parse` does that.
    """
    return json.dumps({"v": VERSION, **fields}, indent=2, sort_keys=True, ensure_ascii=False)


def digest(text: bytes | str) -> str:
    """Lower-case hexadecimal SHA-256 of exactly these bytes (a str counts as its UTF-8)."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def parse(text: bytes | str) -> Request:
    """The request that `text` writes.

    Raises RequestError with all problems found, each a sentence that begins with its place;
    RequestVersionError if the version is another one.
    """
    try:
        value = strict_json.parse(text, place="request", max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except UntrustedInputError as error:
        raise RequestError([str(error)]) from None
    if not isinstance(value, dict):
        raise RequestError(["request is not an object."])
    version = value.get("v")
    if type(version) is not int or version != VERSION:
        raise RequestVersionError([f"v is not {VERSION}, the version that this agent reads."])
    problems: list[str] = []
    request = _read(value, problems)
    if not problems and (room := shown_request(request)) > MAX_SHOWN:
        problems.append(_too_much(request, room))
    if problems:
        raise RequestError(problems)
    return request


def hiding(text: bytes | str, names: Collection[str]) -> str:
    """The text that is kept of a request that `parse` has read: the same, but for the variables `names`, if any."""
    kept = text if isinstance(text, str) else text.decode()
    if not names:
        return kept
    fields = json.loads(kept)
    fields["variables"] = {name: value for name, value in fields["variables"].items() if name not in names}
    return build_text(fields)


def shown_request(request: Request) -> int:
    """How much room the request takes in a message; at most MAX_SHOWN, else it could not be shown whole."""
    return LABELS_ROOM + sum(_rooms(request).values())


def without_number(request: Request) -> dict[str, object]:
    """The request as receipts carry it: the contract's shape, without `number`, absent where empty."""
    subject = {"name": request.subject_name, "digest": request.subject_digest}
    ask = {"factor": request.factor, "quorum": request.quorum, "ttl": request.ttl}
    optional: dict[str, object] = {
        "subject": {key: text for key, text in subject.items() if text},
        "details": dict(request.details),
        "variables": dict(request.variables),
        "unset": list(request.unset),
        "ask": {key: asked for key, asked in ask.items() if asked is not None},
    }
    return {
        "v": VERSION,
        "lib": request.lib,
        "kids": list(request.kids),
        "at": request.at,
        "run": {"pipeline": request.pipeline, "id": request.run_id},
        "environment": request.environment,
        "action": request.action,
        "message": request.message,
        **{key: part for key, part in optional.items() if part},
    }


def claims_of(request: Request) -> Claims:
    """What policy and people see of a request: everything but its number, keys and times."""
    return Claims(
        environment=request.environment,
        action=request.action,
        message=request.message,
        subject_name=request.subject_name,
        subject_digest=request.subject_digest,
        details=request.details,
        variables=request.variables,
        unset=request.unset,
        factor=Factor(request.factor) if request.factor else None,
        quorum=request.quorum,
        ttl=request.ttl,
    )


def _read(value: Mapping[str, object], problems: list[str]) -> Request:
    top = Reader(value, "", problems, REQUIRED, OPTIONAL)
    run = top.object("run", ("pipeline", "id"))
    subject = top.object("subject", ("name",), ("digest",))
    ask = top.object("ask", (), ("factor", "quorum", "ttl"))
    variables = top.pairs("variables", VARIABLE, MAX_VARIABLES)
    unset = top.names("unset", VARIABLE, least=0, most=MAX_VARIABLES)
    if len(variables) + len(unset) > MAX_VARIABLES:
        top.problem("unset", f"and variables have {len(variables) + len(unset)} entries; {MAX_VARIABLES} are allowed.")
    for name in sorted(set(unset).intersection(dict(variables))):
        top.problem("unset", f"names {name}, which variables has too.")
    return Request(
        lib=top.matching("lib", r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}"),
        kids=top.names("kids", KID, least=1, most=4),
        at=top.whole("at", 1, LATEST) or 0,
        number=top.matching("number", r"[0-9]{6}"),
        pipeline=run.text("pipeline", 1000),
        run_id=run.matching("id", r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
        environment=top.matching("environment", SLUG),
        action=top.matching("action", SLUG),
        message=top.text("message", 300),
        subject_name=subject.text("name", 200),
        subject_digest=subject.matching("digest", r"sha256:[0-9a-f]{64}"),
        details=top.pairs("details", DETAIL, MAX_DETAILS, RESERVED_DETAILS),
        variables=variables,
        unset=unset,
        factor=ask.one_of("factor", FACTORS),
        quorum=ask.whole("quorum", 1, 10),
        ttl=ask.whole("ttl", 60, 86400),
    )


def _rooms(request: Request) -> dict[str, int]:
    subject = shown(request.subject_name) + shown(request.subject_digest)
    return {
        "message": shown(request.message),
        "action": shown(request.action),
        "environment": shown(request.environment),
        "subject": subject + SUBJECT_ROOM if subject else 0,
        "details": sum(shown(name) + shown(value) + PAIR_ROOM for name, value in request.details),
        "variables": sum(shown(name) + shown(value) + PAIR_ROOM for name, value in request.variables),
        "unset": sum(shown(name) + UNSET_ROOM for name in request.unset),
    }


def _too_much(request: Request, room: int) -> str:
    largest, its = max(_rooms(request).items(), key=lambda part: part[1])
    return f"request takes {room:,} to show; {MAX_SHOWN:,} are allowed: shorten {largest} ({its:,})."
