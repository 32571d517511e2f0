"""All targets, by their names."""

from __future__ import annotations

import targets_files
import targets_jenkins
import targets_pages
import targets_signed
import targets_slack
import targets_store
from fuzz_kit import TARGETS

__all__ = ["TARGETS"]

#: Each of these enters its targets when it is imported.
MODULES = (targets_files, targets_jenkins, targets_pages, targets_signed, targets_slack, targets_store)
