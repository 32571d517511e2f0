"""Addresses that the agent listens at."""

from __future__ import annotations

import socket


def bound(host: str, port: int) -> socket.socket:
    """A socket that has the address and takes no connections yet; the caller closes it. Raises OSError where it cannot
    be had. One that was left a moment ago can.
    """
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found
