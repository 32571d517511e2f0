"""What administrators do with `/mfa`: the command names it, a form asks for their code, or a page for code or key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from slack_bolt import Ack

from jenkins_mfa.core.model import Act
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.slack import blocks, payloads, views
from jenkins_mfa.slack.blocks import Payload
from jenkins_mfa.slack.dialogs import Dialogs
from jenkins_mfa.slack.payloads import Body, Form, Typed
from jenkins_mfa.usecases.acts import NeedsCode, NeedsPage
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.words import acts as words
from jenkins_mfa.words.parts import Parts


class Acts(Protocol):
    """The use case (usecases/acts.py)."""

    def begin(self, wanted: Act, who: Who, cause: str) -> NeedsCode | NeedsPage:
        """Ask for a factor. The act in the answer is the one that is asked about."""

    def finish(self, act: Act, challenge_id: str, who: Who, code: str, cause: str) -> None:
        """A code was typed for it."""


@dataclass(frozen=True)
class ActForms:
    """Command → form → use case."""

    use: Acts
    dialogs: Dialogs

    @property
    def roster(self) -> Roster:
        """Who is who."""
        return self.dialogs.sentences.messenger.roster

    def about_person(self, name: str, wanted: str, typed: Typed) -> Parts | Payload:
        """Begin an act about the person whom the command names."""
        found = payloads.mentioned(wanted)
        known = self.roster.find(typed.who.issuer, found) if found else self.roster.people.get(wanted.lower())
        return self.begin(Act(name, known.id), typed) if known else words.nobody(name)

    def about_requester(self, wanted: str, typed: Typed) -> Parts | Payload:
        """Begin the release of somebody, who may be unknown to the roster: then by what the message calls them."""
        unknown = ":" in wanted and not payloads.mentioned(wanted)
        return self.begin(Act("release", wanted), typed) if unknown else self.about_person("release", wanted, typed)

    def begin(self, act: Act, typed: Typed) -> Parts | Payload:
        """Open the form that asks for the administrator's code, with nothing to say then; or lead to the page."""
        try:
            asked = self.use.begin(act, typed.who, typed.cause)
        except Exception as error:  # noqa: BLE001  (a command always gets a sentence)
            return self.dialogs.sentences.about(error, "", typed.who.subject)
        if isinstance(asked, NeedsPage):
            return blocks.with_link([words.page(asked.act, self.roster, asked.expires)], words.OPEN, asked.address)
        about = views.About("", asked.challenge_id, typed.channel, asked.act)
        return self.dialogs.open(typed.trigger, views.act(words.asked(asked.act, self.roster, asked.expires), about))

    def code(self, ack: Ack, body: Body) -> None:
        """A code was typed."""

        def act(form: Form) -> Parts:
            if form.about.act is None:
                raise UntrustedInputError("a form for an act names none")
            code = views.typed(form.view, "code")
            self.use.finish(form.about.act, form.about.challenge, form.who, code, form.cause)
            return words.done(form.about.act, self.roster)

        self.dialogs.submitted(ack, body, "code", act)
