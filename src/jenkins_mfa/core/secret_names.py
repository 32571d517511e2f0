"""Names that look like those of secrets: their values are neither sent, kept nor shown.

The library for pipelines has the same list (`Rules.SECRET`), and a test holds it to this one.
"""

from __future__ import annotations

import re

NAMES = "PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|APIKEY|(^|_)(PASS|PWD|CREDS?|AUTH|KEYS?)(_|$)"

_NAMES = re.compile(NAMES, re.IGNORECASE)


def looks_secret(name: str) -> bool:
    """Whether a variable or parameter of that name may hold a secret."""
    return _NAMES.search(name) is not None
