"""Take over policy.toml and roster.toml when they have changed on disk: whole and valid, or not at all."""

from __future__ import annotations

import threading

import structlog

from jenkins_mfa.core.model import Alert, Commit, Entry
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.rule_files import RuleFiles, Stamp
from jenkins_mfa.usecases import groups, loss
from jenkins_mfa.usecases.desk import Desk, commit_id
from jenkins_mfa.usecases.tighten import tighten_all
from jenkins_mfa.words.policy_changes import changes

log = structlog.get_logger()

MOST_TEXT = 1500  #: characters of what ops are told
MOST_PROBLEMS = 5  #: that ops are told; the log and `jenkins-mfa policy check` have all


class Reloader:
    """Looks at the two files. What is seen at two looks in a row was not left half written: only then it is judged.

    Each content is judged once: taken over with an event in the trail, or refused and told to ops. `judged` is the
    digest of the content that holds already.
    """

    def __init__(self, files: RuleFiles, desk: Desk, judged: str) -> None:
        self._files = files
        self._desk = desk
        self._turn = threading.Lock()
        self._stamp: Stamp = ()
        self._seen = self._judged = judged
        self._problems: list[str] = []
        self._fresh = True

    @property
    def state(self) -> dict[str, object]:
        """For the agent's heartbeat: the policy that holds, and why what stands on disk does not."""
        return {"policy_sha256": self._desk.policy.sha256, "refused": _few(self._problems)}

    def look(self, *, at_once: bool = False) -> None:
        """Look whether the files have changed; `at_once` judges what is there now. Raises StoreError: then the next
        look does it again.
        """
        with self._turn:
            stamp = self._files.stamp()
            if stamp == self._stamp and self._seen == self._judged and not at_once:
                return
            self._stamp = stamp
            before, self._seen = self._seen, self._files.digest()
            if self._seen != self._judged and (at_once or self._seen == before):
                self._judge(self._seen)

    def tighten(self) -> None:
        """What holds now may ask for more in gates that are open, and people may have left: once after a policy was
        taken over, and after the start. Raises StoreError: then the next call does it again.
        """
        if not self._fresh:
            return
        self._fresh = False
        try:
            if left := loss.leave(self._desk):
                log.info("people left", people=left)
            for gate in tighten_all(self._desk):
                log.info("more is asked for", gate=gate.jti)
        except BaseException:
            self._fresh = True
            raise

    def _judge(self, digest: str) -> None:
        now = self._desk.store.now()
        policy, roster, problems = self._files.read(now)
        if self._files.digest() != digest:
            return  # somebody is still writing; the next look sees it
        if problems:
            self._refuse(digest, problems, now)
        else:
            self._take(digest, policy, roster, now)
        self._judged, self._problems = digest, problems

    def _take(self, digest: str, policy: Policy, roster: Roster, now: int) -> None:
        """Into the trail first: no rule holds that it does not know."""
        rules = self._desk.rules
        with rules.turn:
            before, fresh = rules.now, rules.joined(policy, roster, rules.accounts)
            entries: tuple[Entry, ...] = ()
            if (policy.sha256, fresh.roster) != (before.policy.sha256, before.roster):
                told = changes((before.policy, before.roster), (policy, roster))
                details: dict[str, str | int] = {"policy_sha256": policy.sha256, "changes": told}
                loaded = Entry("policy:loaded", now, "agent", details=details)
                entries = (loaded, *groups.changed(before, fresh, rules.accounts, now))
                log.info("policy taken over", **details)
            alerts = (Alert(f"policy_right:{digest[:16]}:{now}", "policy_right", now),) if self._problems else ()
            if entries or alerts:
                self._desk.store.commit(Commit(commit_id("policy", digest, str(now)), (), entries, (), alerts))
            if policy.sha256 != before.policy.sha256:
                rules.former = before.policy
            rules.now, self._fresh = fresh, True

    def _refuse(self, digest: str, problems: list[str], now: int) -> None:
        shown = {"problem": _few(problems)}
        alert = Alert(f"policy_refused:{digest[:16]}:{now}", "policy_refused", now, values=shown)
        log.warning("policy not taken over: nothing has changed", problems=problems)
        self._desk.store.commit(Commit(commit_id(alert.id), (), (), (), (alert,)))


def _few(problems: list[str]) -> str:
    """Problems as one text that a message takes."""
    more = len(problems) - MOST_PROBLEMS
    return ("; ".join(problems[:MOST_PROBLEMS]) + (f"; and {more} more" if more > 0 else ""))[:MOST_TEXT]
