"""structlog set up once: JSON lines on stderr, a readable form on a terminal, and nothing secret in either.

Secrets are taken out by type, by key name and by look; control characters in values are escaped, so that nobody
outside can forge a line (S12).
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from jenkins_mfa.secret_files import Secret

HIDDEN = "***"
#: Key names whose values never appear.
SECRET_KEYS = re.compile(
    r"token|secret|password|passwd|seed|receipt$|^code$|^number$|ticket|authorization|cookie", re.IGNORECASE
)
#: Looks of secrets inside other texts: Slack tokens, secrets of webhooks, compact JWS, Basic credentials. A JWS is
#: looked for once in a word, and only where three parts are: from each `eyJ` on, a long word of many would take the
#: square of its length.
SECRET_LOOKS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|whsec_[\w+/=-]+|(?<![\w-])(?=[\w-]++\.[\w-]++\.)[\w-]*?eyJ[\w-]{8,}\.[\w-]++\.[\w-]*+"
    r"|Basic\s+[A-Za-z0-9+/=]{8,}|:[^/@\s:]{8,}@"
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A structlog processor: the event with its secrets taken out."""
    return {key: HIDDEN if SECRET_KEYS.search(key) else _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, str):
        shown = SECRET_LOOKS.sub(HIDDEN, value)
        return CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), shown)
    if isinstance(value, Mapping):
        return {k: HIDDEN if SECRET_KEYS.search(str(k)) else _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _traceback(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Tracebacks without local variables: file, line, function and the error's own text."""
    return structlog.processors.format_exc_info(None, "", event)


class Unfailing:
    """A stream that loses what cannot be written: a full disk under the log stops nothing that is protected."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, or lose it."""
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Hand on what was written, or lose it."""
        with contextlib.suppress(OSError):
            self._stream.flush()


def set_up(level: str = "INFO", *, json: bool | None = None) -> None:
    """Log to stderr. `json` None means: JSON lines unless stderr is a terminal."""
    as_json = not sys.stderr.isatty() if json is None else json
    stream: Any = Unfailing(sys.stderr)
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _traceback, redact, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _traceback, redact, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
