"""The forms in which an event leaves the agent, a line of JSON each: the trail's own, which verifies, and OCSF's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from jenkins_mfa.archive import lines
from jenkins_mfa.core import ocsf
from jenkins_mfa.core.chain import Linked

Form = Callable[[Linked], bytes]  #: a whole line with its end; ASCII

TRAIL, OCSF = "trail", "ocsf"


def forms(version: str) -> Mapping[str, Form]:
    """Each form by its name; `version` is that of the agent."""

    def as_ocsf(linked: Linked) -> bytes:
        return json.dumps(ocsf.event(linked, version), separators=(",", ":")).encode() + b"\n"

    return {TRAIL: lambda linked: lines.line(linked.raw, linked.hash), OCSF: as_ocsf}
