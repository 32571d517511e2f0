"""App Home is opened, or its button below the authenticators is pressed. What its other buttons do: presses.py."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from slack_bolt import Ack, App

from jenkins_mfa.errors import MessengerError, Refusal, StoreError, UntrustedInputError
from jenkins_mfa.slack import blocks, home, payloads
from jenkins_mfa.slack.dialogs import Dialogs, account
from jenkins_mfa.slack.own import OwnCommands
from jenkins_mfa.slack.payloads import Body
from jenkins_mfa.slack.replies import told_nothing
from jenkins_mfa.usecases import home as homes
from jenkins_mfa.words import answers, commands
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()


@dataclass(frozen=True)
class HomeTab:
    """The listeners. Who may look is shown their page by its lane, so that no two of its states overtake each other."""

    own: OwnCommands
    dialogs: Dialogs
    store: homes.Openings

    def register(self, app: App) -> None:
        """Listen."""
        app.event("app_home_opened")(self.opened)
        app.action(home.ME)(self.me)

    def opened(self, body: Body) -> None:
        """Somebody opened it. Strangers and guests are told why nothing stands there."""
        user = ""
        try:
            looked = payloads.opened(body, self.dialogs.sentences.messenger.team)
            if looked is None:
                return
            user = looked.who.subject
            why = self._opened(looked)
        except (Refusal, UntrustedInputError) as error:
            log.warning("a home was not shown", problem=str(error))
            return
        except StoreError:
            why = commands.unread()
        except MessengerError:
            why = answers.unchecked()
        if why:
            self._say(user, why)

    def _opened(self, looked: payloads.Opened) -> Parts:
        """Have their page shown; else why not."""
        messenger = self.dialogs.sentences.messenger
        why = told_nothing(messenger, looked.who)
        person = messenger.roster.find(looked.who.issuer, looked.who.subject)
        if person is not None and not why:
            homes.opened(self.store, person.id, looked.cause)
        return why

    def _say(self, user: str, why: Parts) -> None:
        try:
            self.dialogs.sentences.messenger.publish(user, home.says(why))
        except MessengerError as error:
            log.info("a home was not shown", problem=str(error))

    def me(self, ack: Ack, body: Body) -> None:
        """The way to the page of one's own authenticators: a one-time address, so it is made when asked for."""
        ack()
        messenger = self.dialogs.sentences.messenger
        try:
            who, trigger = payloads.about_themselves(body, messenger.team)
        except (Refusal, UntrustedInputError) as error:
            log.warning("a button was not understood", account=account(body), problem=str(error))
            return
        try:
            why = told_nothing(messenger, who)
            person = messenger.roster.find(who.issuer, who.subject)
            answer = blocks.private(why) if why or person is None else self.own.show(person.id)
        except Exception as error:  # noqa: BLE001  (a press always gets a sentence)
            answer = blocks.private(self.dialogs.sentences.about(error, "", who.subject))
        self.dialogs.say(trigger, who.subject, answer)
