"""A gate that is only thought of: what `policy explain` has from its options and `policy test` from its cases."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.core.model import (
    Author,
    Change,
    Claims,
    Factor,
    Facts,
    History,
    Library,
    Parameter,
    Run,
    Starter,
    Trigger,
)
from jenkins_mfa.core.policy import Policy, Roster
from jenkins_mfa.core.policy.vocabulary import HUMAN

ACTION, UNDECLARED = "deploy", "unnamed"  #: what is claimed where nothing is said; the environment if none is declared

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Plain values; names of requesters and authors who are not in the roster stand for somebody unknown.

    `paths` are None where nothing is known of them, `at` is ms UTC, `earlier` how many gates of the job opened so many
    ms before, `ttl` seconds.
    """

    source: str
    pipeline: str
    branch: str = ""
    requesters: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    replayed: bool = False
    authors: tuple[str, ...] = ()
    paths: tuple[str, ...] | None = None
    upstream: tuple[str, ...] = ()
    parameters: Pairs = ()
    libraries: tuple[str, ...] = ()
    plain: str = ""
    environment: str = ""
    action: str = ""
    subject: str = ""
    details: Pairs = ()
    variables: Pairs = ()
    factor: str | None = None
    quorum: int | None = None
    ttl: int | None = None
    at: int = 0
    earlier: tuple[int, int] = (0, 0)
    first_run: str = ""
    changed_parameters: tuple[str, ...] = ()
    changed_variables: tuple[str, ...] = ()

    def asked(self, policy: Policy, roster: Roster) -> tuple[Facts, Claims, History]:
        """What the policy is asked about."""
        return self._facts(roster), self._claims(policy), self._history()

    def _facts(self, roster: Roster) -> Facts:
        libraries = (text.partition("@") for text in self.libraries)
        return Facts(
            run=Run(self.source, "", self.pipeline, "1", 1, ""),
            branch=self.branch,
            starters=self._starters(roster),
            authors=tuple(Author(one, person=_known(one, roster)) for one in self.authors),
            paths=self.paths,
            upstream=self.upstream,
            parameters=tuple(Parameter(name, value) for name, value in self.parameters),
            libraries=tuple(Library(name, version, trusted=True) for name, _, version in libraries),
            plain=self.plain,
        )

    def _starters(self, roster: Roster) -> tuple[Starter, ...]:
        """One cause for each trigger; where people pull it, one for each of them. They are behind it in any case."""
        triggers = [*map(Trigger, self.triggers), *([Trigger.REPLAY] if self.replayed else [])]
        if self.requesters and not HUMAN.intersection(triggers):
            triggers.append(Trigger.PERSON)
        behind = [(one, _known(one, roster)) for one in self.requesters]
        return tuple(
            Starter(trigger, *who)
            for trigger in dict.fromkeys(triggers)
            for who in (behind if behind and trigger in HUMAN else [(None, None)])
        )

    def _claims(self, policy: Policy) -> Claims:
        declared = [one.name for one in policy.environments if one.pipelines.match(self.pipeline)]
        return Claims(
            environment=self.environment or next(iter(declared), UNDECLARED),
            action=self.action or ACTION,
            message="",
            subject_name=self.subject,
            details=self.details,
            variables=self.variables,
            factor=Factor(self.factor) if self.factor else None,
            quorum=self.quorum,
            ttl=self.ttl,
        )

    def _history(self) -> History:
        changes = [Change(name, "parameter", changed=True) for name in self.changed_parameters]
        changes += [Change(name, "variable", changed=True) for name in self.changed_variables]
        count, before = self.earlier
        return History(
            at=self.at,
            earlier=(self.at - before,) * count,
            pipeline_known=self.first_run != "pipeline",
            branch_known=not self.first_run,
            compared=True,
            changes=tuple(changes),
        )


def _known(name: str, roster: Roster) -> str | None:
    return name if name in roster.people else None
