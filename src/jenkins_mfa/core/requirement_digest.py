"""The digest of a requirement: what an answer with a security key says was asked for."""

from __future__ import annotations

import hashlib

import msgspec

from jenkins_mfa.core.model import Requirement


def requirement_sha256(requirement: Requirement) -> str:
    """SHA-256, in hexadecimal, of the requirement as JSON with sorted keys, as the store writes it."""
    return hashlib.sha256(msgspec.json.encode(requirement, order="sorted")).hexdigest()
