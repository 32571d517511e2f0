"""Writes the library's class `Trust`: which keys, issuer, controllers and agent accounts a Pipeline believes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jenkins_mfa.core.keys import SigningKey
from jenkins_mfa.core.signing_keys import ALGORITHM, spki

#: As DESIGN, section 5: methods that build their answer anew, since a Jenkinsfile can write statics.
TEMPLATE = """\
// Written by `jenkins-mfa keys public --library DIR`. Do not edit: the next run of that command replaces this file.
package mfa

import com.cloudbees.groovy.cps.NonCPS

/** Whom this library believes. Every method makes its answer anew: what a Jenkinsfile does to one changes no other. */
class Trust implements Serializable {
    @NonCPS
    static List<List> keys() {
        return [
%(keys)s
        ]
    }

    @NonCPS
    static String issuer() { return %(issuer)s }

    @NonCPS
    static List<List<String>> sources() {
        return [
%(sources)s
        ]
    }

    @NonCPS
    static int maxSeconds() { return %(max_seconds)d }

    @NonCPS
    static String bare() { return %(bare)s }

    /** [id of the source, user id of the agent] of the controller with this URL; null if it is none of ours. */
    @NonCPS
    static List<String> source(String rootUrl) {
        for (List<String> row : sources()) {
            if (row.get(0) == rootUrl) { return [row.get(1), row.get(2)] }
        }
        return null
    }
}
"""


def render(
    *,
    installation: str,
    signing: Sequence[SigningKey],
    sources: Iterable[tuple[str, str, str]],
    max_seconds: int,
    bare: str,
) -> str:
    """The class's text. `sources` are (public URL, source id, agent's user id); `max_seconds` the longest wait."""
    keys = [
        f"            [{_text(key.kid)}, {_text(ALGORITHM)}, {_text(spki(key.public))}, {key.not_after}L],"
        for key in signing
    ]
    rows = [f"            [{', '.join(_text(value) for value in source)}]," for source in sources]
    return TEMPLATE % {
        "keys": "\n".join(keys),
        "issuer": _text(f"mfa:{installation}"),
        "sources": "\n".join(rows),
        "max_seconds": max_seconds,
        "bare": _text(bare),
    }


def _text(value: str) -> str:
    """A Groovy string without interpolation."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    if any(ord(c) < 32 or ord(c) > 126 for c in escaped):
        escaped = "".join(c if 32 <= ord(c) <= 126 else f"\\u{ord(c):04x}" for c in escaped)
    return f"'{escaped}'"
