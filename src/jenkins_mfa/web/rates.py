"""How much the pages take from one session, from one address that has none, or from one program, in a short time.

It is the generic cell rate algorithm (ITU-T I.371), a leaky bucket that keeps one number for each sender: nobody waits
for what others send. Each replica counts for itself; no failure of the store makes it forget or block.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SENDERS = 10_000  #: that are told apart at a time; beyond, new ones share one count
NETWORK = 64  #: bits of an IPv6 address that one customer has


@dataclass(slots=True)
class Rate:
    """At most `burst` at once, and one more every `seconds`. `clock` tells seconds that only grow."""

    burst: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _due: dict[str, float] = field(default_factory=dict)  # sender → when all that it sent will have been worked off
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, sender: str) -> float:
        """0 for what may go on, and is counted; else the seconds until it may."""
        with self._lock:
            now = self.clock()
            if len(self._due) >= SENDERS and sender not in self._due:
                self._due = {one: due for one, due in self._due.items() if due > now}
                sender = sender if len(self._due) < SENDERS else ""
            due = max(now, self._due.get(sender, now))
            wait = due - now - (self.burst - 1) * self.seconds
            if wait > 0:
                return wait
            self._due[sender] = due + self.seconds
            return 0


@dataclass(frozen=True, slots=True)
class Rates:
    """A person with a key sends two requests for each answer; many share the address of an office. A consumer of
    receipts is a program, known by its secret. Whoever has signed in to the console looks at its pages as fast as they
    read, and in several tabs that keep themselves up to date.
    """

    session: Rate = field(default_factory=lambda: Rate(20, 3))
    address: Rate = field(default_factory=lambda: Rate(60, 2))
    consumer: Rate = field(default_factory=lambda: Rate(20, 1))
    look: Rate = field(default_factory=lambda: Rate(60, 0.5))


def network(host: str) -> str:
    """Who is behind an address: IPv4 as it is, of IPv6 the network; what is no address is one sender."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, NETWORK), strict=False))
