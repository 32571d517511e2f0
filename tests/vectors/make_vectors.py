"""Writes the vectors beside it: `python tests/vectors/make_vectors.py`. The same input gives the same bytes.

Python and the library for Pipelines run all of them. What is right or wrong is written down by hand in
*_cases.py; texts, digests, sums, sentences and signatures come from the project itself.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import receipt_cases  # noqa: E402
import request_cases  # noqa: E402
import totp_cases  # noqa: E402


def files() -> dict[str, str]:
    """Every vector file's name and content: ASCII, so that no editor or terminal changes a character."""
    vectors: dict[str, Any] = {
        "requests.json": request_cases.requests(),
        "shown.json": request_cases.shown(),
        "receipts.json": receipt_cases.receipts(),
        "totp.json": totp_cases.totp(),
    }
    return {name: json.dumps(content, indent=1) + "\n" for name, content in vectors.items()}


if __name__ == "__main__":
    for name, content in files().items():
        (HERE / name).write_text(content)
