"""Ids of a gate's trace, made from the gate's own: so every agent continues the same trace, also after a restart.

A digest tells nobody the gate that does not know it already.
"""

from __future__ import annotations

import hashlib

from jenkins_mfa.core.seal import framed

_TRACE, _ROOT = framed("jenkins-mfa/trace/v1"), framed("jenkins-mfa/root-span/v1")


def trace_id(jti: str) -> int:
    """128 bits, never 0 (W3C Trace Context, 3.2.2.3)."""
    return _number(_TRACE + jti.encode(), 16)


def root_id(jti: str) -> int:
    """The span of the gate's whole life: 64 bits, never 0 (3.2.2.4)."""
    return _number(_ROOT + jti.encode(), 8)


def _number(raw: bytes, size: int) -> int:
    return int.from_bytes(hashlib.sha256(raw).digest()[:size]) or 1
