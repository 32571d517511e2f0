"""The people of a soak: so many taps a second, on what asks, and on what is long decided, too."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from history import FINAL
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, CAROL
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.slack import ImpossibleActionError, Message, SlackSimulator, plain

RATE = 200  #: taps a second
HANDS = 24  #: taps at a time
LOOKED_AT = 100  #: newest messages among which they find what they tap
DENIALS = 0.1  #: of the taps on what asks


@dataclass
class People:
    """Alice, Bob and Carol. `heard` counts the taps that an agent took, by the second in which they were made."""

    slack: SlackSimulator
    seed: int
    taps: int = 0
    heard: Counter[int] = field(default_factory=Counter)
    _known: int = 0
    _channel: list[Message] = field(default_factory=list)
    _asked: list[str] = field(default_factory=list)
    _decided: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tap_while(self, goes_on: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Tap until it is over; `meanwhile` is done now and then."""
        over = threading.Event()
        with ThreadPoolExecutor(HANDS) as hands:
            began = time.monotonic()
            done = [
                hands.submit(self._hand, over, began, self.taps, random.Random(self.seed + n)) for n in range(HANDS)
            ]
            try:
                while goes_on():
                    meanwhile()
                    self._look()
                    over.wait(0.1)
            finally:
                over.set()
        for one in done:
            one.result()

    def rates(self) -> list[int]:
        """Taps heard in each second but the first and the last."""
        seconds = range(min(self.heard, default=0) + 1, max(self.heard, default=0))
        return [self.heard[second] for second in seconds]

    def _look(self) -> None:
        workspace = self.slack.workspace
        with workspace.changed:
            new = list(islice(workspace.messages.values(), self._known, None))
            self._known += len(new)
            self._channel += [
                one for one in new if one.channel == files.CHANNEL and not (one.only_for or one.thread_ts)
            ]
            shown = {one.ts: plain(one) for one in self._channel[-LOOKED_AT:] if not one.deleted}
        about = {ts: text for ts, text in shown.items() if f"“{STAGING}” #" in text.splitlines()[0]}
        self._decided = [ts for ts, text in about.items() if text.startswith(FINAL)]
        self._asked = [ts for ts, text in about.items() if not text.startswith(FINAL)]

    def _hand(self, over: threading.Event, began: float, before: int, draw: random.Random) -> None:
        """Each tap has its moment; whoever is late catches up."""
        while True:
            with self._lock:
                self.taps += 1
                moment = began + (self.taps - before) / RATE
            if over.wait(max(0.0, moment - time.monotonic())):
                return
            asked, decided = self._asked, self._decided
            user = draw.choice((ALICE, BOB, CAROL))
            with contextlib.suppress(ImpossibleActionError, IndexError, TimeoutError):
                if asked and draw.random() < 0.5:
                    self._answer(user, draw.choice(asked), draw.random() < DENIALS)
                elif decided:
                    self._press(user, draw.choice(decided))

    def _press(self, user: str, ts: str) -> None:
        """On a copy that may be an old one."""
        outcome = self.slack.press(user, files.CHANNEL, ts, "gate_approve", stale=True)
        if outcome.error is None:
            with self._lock:
                self.heard[int(time.monotonic())] += 1

    def _answer(self, user: str, ts: str, no: bool) -> None:
        if not no:
            self._press(user, ts)
            return
        self.slack.press(user, files.CHANNEL, ts, "gate_deny").wait("modal", 1)
        self.slack.submit(user, self.slack.views(user)[-1], {"reason": "not now"})
