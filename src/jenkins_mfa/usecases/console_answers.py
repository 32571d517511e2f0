"""Answers that people give on the console: by the rules that hold in the messenger, with the same factors (S5, S7).

A visit that was begun with the account at the messenger counts for a tap of that account, and for no more: then the
messenger must vouch for the account, as for every tap. Codes and security keys are held by nobody but their person, so
they count whatever the messenger says; so do they while it is down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jenkins_mfa.core.model import Authenticator, Denial, Factor, Gate
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import codes, credentials, eligible, terminal
from jenkins_mfa.usecases.answer import Answers, NeedsNumber
from jenkins_mfa.usecases.console import Visit, Way
from jenkins_mfa.usecases.decisions import Counted, asked_of, audited, deny_run
from jenkins_mfa.usecases.desk import Desk, Who, load
from jenkins_mfa.usecases.key_answers import asks


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody can answer a gate with here, and why they cannot approve or deny it (None: they can).

    `asked` is what they are asked for; `account`: the visit counts for a tap of their account; `app` and `keys` are
    what they have enrolled. `confirmed`: there is a confirmation of theirs.
    """

    approve: Refusal | None
    deny: Refusal | None
    asked: Factor | None
    account: bool
    app: bool
    keys: tuple[Authenticator, ...]
    confirmed: bool

    @property
    def tap(self) -> bool:
        """Whether a tap here is enough."""
        return self.account and self.asked is Factor.PUSH

    @property
    def number(self) -> bool:
        """Whether the number that the build shows is enough."""
        return self.account and self.asked is Factor.PUSH_NUMBER

    @property
    def code(self) -> bool:
        """Whether a code is enough: also where less is asked for."""
        return self.app and self.asked is not Factor.WEBAUTHN


@dataclass(frozen=True, slots=True)
class ConsoleAnswers:
    """Answers of one visit, from the address `host`; `session` names the visit on its pages. What does not count is a
    Refusal with its code, and stands in the trail. `shown` is the digest of the requirement that the page showed.
    """

    desk: Desk
    visit: Visit
    host: str
    session: str

    @property
    def here(self) -> Who:
        """Who answers with something that they hold."""
        return Who("console", self.host, self.visit.person, self.session)

    def offer(self, gate: Gate) -> Offer:
        """How it stands now; nothing is stored."""
        asked, no = self._asked(gate)
        record = credentials.record_of(self.desk, self.visit.person)
        return Offer(
            approve=no,
            deny=self._refusal(lambda: eligible.denying(self.desk, gate, self.here, self.desk.store.now())),
            asked=asked,
            account=self.visit.way is Way.MESSENGER,
            app=record.usable(Factor.TOTP) is not None,
            keys=credentials.keys_of(record),
            confirmed=any(one.person == self.visit.person for one in gate.confirmations),
        )

    def tap(self, jti: str, shown: str) -> Counted:
        """Approve, where a tap is enough."""
        who, gate = self._account(jti), self._seen(jti, shown)
        if self._asked(gate)[0] not in {Factor.PUSH, None}:
            raise Refusal("more_asked")
        tapped = Answers(self.desk).tap(jti, who, self._cause())
        if not isinstance(tapped, Counted):
            raise Refusal("more_asked")
        return tapped

    def number(self, jti: str, shown: str, number: str) -> Counted:
        """Approve with the number that the build shows."""
        who, use = self._account(jti), Answers(self.desk)
        self._seen(jti, shown)
        tapped = use.tap(jti, who, self._cause())
        if isinstance(tapped, Counted):
            return tapped
        if not isinstance(tapped, NeedsNumber):
            raise Refusal("more_asked")
        return use.number(jti, tapped.challenge_id, who, number, self._cause())

    def code(self, jti: str, shown: str, code: str) -> Counted:
        """Approve with a code, also where less would do."""
        self._seen(jti, shown)
        asked = terminal.ask_code(self.desk, jti, self.here, self._cause())
        return Answers(self.desk).code(jti, asked.challenge_id, self.here, code, self._cause())

    def deny_by_tap(self, jti: str, reason: str, report: bool) -> Gate:
        """Deny, as with the button in the messenger."""
        return Answers(self.desk).deny(jti, self._account(jti), reason, report, self._cause())

    def deny_by_code(self, jti: str, code: str, reason: str, report: bool) -> Gate:
        """Deny with a code; misses count as everywhere (S4)."""
        who, cause = self.here, self._cause()

        def attempt() -> Gate:
            now, gate = self.desk.store.now(), load(self.desk, jti)
            person = eligible.denying(self.desk, gate, who, now)
            asked = codes.issue(self.desk, gate, person.id, cause, now)
            record, _, _ = codes.judge(self.desk, gate, person.id, asked.id, code, cause, now)
            denial = Denial(now, person.id, reason, cause, who.via, report)
            return deny_run(self.desk, gate, denial, Factor.TOTP, record)

        return audited(self.desk, jti, who, cause, attempt, Factor.TOTP)

    def retract(self, jti: str) -> Gate:
        """Take one's own confirmation back, as with the button in the messenger."""
        return Answers(self.desk).retract(jti, self._account(jti), self._cause())

    def _asked(self, gate: Gate) -> tuple[Factor | None, Refusal | None]:
        """What the person is asked for, or why nothing of theirs would count."""
        try:
            person, _ = eligible.confirming(self.desk, gate, self.here, "", self.desk.store.now())
            return asked_of(gate, person.id), None
        except Refusal as refusal:
            return None, refusal

    def _refusal(self, act: Callable[[], object]) -> Refusal | None:
        try:
            act()
        except Refusal as refusal:
            return refusal
        return None

    def _account(self, jti: str) -> Who:
        """Who taps. Raises Refusal (`no_tap`) where the visit was not begun with the account at the messenger."""

        def account() -> Who:
            issuer, person = self.desk.messenger.issuer, self.desk.roster.people.get(self.visit.person)
            subject = person.identities.get(issuer) if person else None
            if self.visit.way is not Way.MESSENGER or not subject:
                raise Refusal("no_tap")
            return Who(issuer, subject, self.visit.person, self.session)

        return audited(self.desk, jti, self.here, self._cause(), account)

    def _seen(self, jti: str, shown: str) -> Gate:
        """The gate, if it asks for what the page showed: nothing else is confirmed unseen (S20)."""

        def attempt() -> Gate:
            gate = load(self.desk, jti)
            if shown != asks(gate):
                raise Refusal("page_stale")
            return gate

        return audited(self.desk, jti, self.here, self._cause(), attempt)

    def _cause(self) -> str:
        """What names one answer: pages send each once, and a second one finds the gate as the first has left it."""
        return f"console:{self.desk.randomness.hex(16)}"
