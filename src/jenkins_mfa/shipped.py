"""What is shipped beside the code: the shared library, the Slack manifest, the Jenkins configuration, pages of docs."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_WHEEL = _PACKAGE / "data" / "shipped"  #: where a wheel has them; a checkout has them at its top


def shipped(name: str) -> Path:
    """The file or folder with this name, relative to the repository's top."""
    return (_WHEEL if _WHEEL.is_dir() else _PACKAGE.parents[1]) / name
