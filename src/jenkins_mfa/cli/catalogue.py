"""Everything that `check` and the other commands that check can find: stable ids, how bad each is, and where the docs
tell of it. docs/findings.md is the same table with words.
"""

from __future__ import annotations

import enum

from jenkins_mfa.words import findings, roster


class Severity(enum.StrEnum):
    """How bad a finding is: an error stops builds or people now, a warning will, or takes something from them;
    information is right as it is.
    """

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFORMATION
_OPERATIONS, _SETUP, _POLICY = "docs/operations.md", "docs/configuration.md", "docs/policy.md"
_JENKINS, _SLACK = "docs/findings.md#source", "docs/findings.md#slack"
_KEYS, _STORE, _UPGRADE = f"{_OPERATIONS}#keys", f"{_OPERATIONS}#the-store", f"{_OPERATIONS}#upgrade"

#: Id → its severity where it is not right, and where to read on.
FINDINGS: dict[str, tuple[Severity, str]] = {
    "config.read": (_I, f"{_SETUP}#the-file"),
    "config.unusable": (_E, f"{_SETUP}#the-file"),
    "policy.remarks": (_W, f"{_POLICY}#before-a-policy-is-put-in-place"),
    "policy.read": (_I, f"{_POLICY}#the-file-itself"),
    **{
        f"policy.{code}": (_W if mend else _I, f"{_POLICY}#before-a-policy-is-put-in-place")
        for code, (_, mend) in findings.SAYINGS.items()
    },
    "roster.people": (_I, f"{_POLICY}#roster"),
    **{f"roster.{code}": (_W, f"{_OPERATIONS}#a-roster-from-slack-and-jenkins") for code in roster.FAULTS},
    "secrets.files": (_I, f"{_SETUP}#secret-files"),
    "keys.signer": (_I, _KEYS),
    "keys.none_signs": (_E, _KEYS),
    "keys.ended": (_E, _KEYS),
    "keys.ends": (_W, _KEYS),
    "keys.revoked_here": (_W, "docs/incidents.md#a-receipt-key"),
    "keys.agents_differ": (_W, _KEYS),
    "keys.unusable": (_E, _KEYS),
    "web.pages": (_I, "docs/web.md#serving-them"),
    "web.console": (_I, "docs/console.md#signing-in"),
    "web.certificate_unread": (_E, "docs/web.md#serving-them"),
    "web.certificate_ended": (_E, "docs/web.md#serving-them"),
    "web.certificate_ends": (_W, "docs/web.md#serving-them"),
    "web.key_models": (_I, f"{_POLICY}#only-some-models-of-security-keys"),
    "web.roots_ended": (_W, f"{_POLICY}#only-some-models-of-security-keys"),
    "web.listen": (_E, "docs/web.md#serving-them"),
    "web.unusable": (_E, "docs/web.md#serving-them"),
    "metrics.listen": (_E, f"{_OPERATIONS}#metrics"),
    "store.unreachable": (_E, f"{_OPERATIONS}#when-x-is-down"),
    "store.unusable": (_E, _STORE),
    "store.promise": (_I, _STORE),
    "store.durability": (_W, _STORE),
    "store.evicted": (_E, _STORE),
    "store.disk": (_E, _STORE),
    "store.replicas": (_E, f"{_OPERATIONS}#replicas-of-the-store"),
    "store.clock": (_E, _STORE),
    "gates.damaged": (_E, f"{_OPERATIONS}#a-stored-record-is-damaged"),
    "people.damaged": (_E, f"{_OPERATIONS}#a-stored-record-is-damaged"),
    "people.authenticators": (_I, f"{_OPERATIONS}#people"),
    "people.no_authenticator": (_W, f"{_OPERATIONS}#people"),
    "vault.keys": (_I, _KEYS),
    "vault.missing_key": (_E, _KEYS),
    "trail.checkpoint": (_I, f"{_OPERATIONS}#the-trail"),
    "trail.no_key": (_W, _KEYS),
    "trail.behind": (_E, f"{_OPERATIONS}#a-store-that-was-put-back"),
    "trail.unread": (_E, f"{_OPERATIONS}#the-trail"),
    "trail.old": (_W, f"{_OPERATIONS}#the-trail"),
    "trail.unkept": (_W, f"{_OPERATIONS}#copies-of-the-trail"),
    "trail.sent": (_I, "docs/audit.md#the-trail-elsewhere"),
    "trail.unsent": (_W, "docs/audit.md#the-trail-elsewhere"),
    "delivery.failing": (_E, f"{_OPERATIONS}#when-x-is-down"),
    "delivery.parked": (_W, f"{_OPERATIONS}#alerts"),
    "agent.runs": (_I, f"{_OPERATIONS}#running"),
    "agent.none": (_E, f"{_OPERATIONS}#running"),
    "agent.rules_refused": (_W, f"{_OPERATIONS}#a-new-policy-or-roster"),
    "agent.not_taken": (_W, _KEYS),
    "agent.poll": (_E, f"{_OPERATIONS}#when-x-is-down"),
    "sources.unusable": (_E, f"{_SETUP}#sources-one-for-each-jenkins-controller"),
    "source.reachable": (_E, _JENKINS),
    "source.account": (_E, _JENKINS),
    "source.overall_read": (_E, _JENKINS),
    "source.job_read": (_E, _JENKINS),
    "source.public_url": (_E, _JENKINS),
    "source.shutdown": (_W, _JENKINS),
    "source.clock": (_E, _JENKINS),
    "source.plugins": (_E, _JENKINS),
    "source.library": (_E, _JENKINS),
    "source.watched": (_W, _JENKINS),
    "source.certificate_ended": (_E, f"{_SETUP}#sources-one-for-each-jenkins-controller"),
    "source.certificate_ends": (_W, f"{_SETUP}#sources-one-for-each-jenkins-controller"),
    "slack.unusable": (_E, _SLACK),
    "slack.reachable": (_E, _SLACK),
    "slack.app_token": (_E, _SLACK),
    "slack.team": (_E, _SLACK),
    "slack.scopes": (_E, _SLACK),
    "slack.channel": (_E, _SLACK),
    "slack.account": (_W, _SLACK),
    "slack.group": (_W, f"{_POLICY}#groups-kept-in-slack"),
    "upgrade.release": (_I, _UPGRADE),
    "upgrade.schema": (_I, _UPGRADE),
    "upgrade.downgrade": (_E, _UPGRADE),
    "upgrade.older": (_E, _UPGRADE),
    "upgrade.agents": (_I, _UPGRADE),
    "upgrade.agents_run": (_E, _UPGRADE),
    "upgrade.gates": (_I, _UPGRADE),
    "upgrade.gates_end": (_W, _UPGRADE),
    "upgrade.library": (_I, "docs/library.md#for-jenkins-administrator"),
    "upgrade.backup": (_I, f"{_OPERATIONS}#backup-and-restore"),
    "upgrade.no_backup": (_W, f"{_OPERATIONS}#backup-and-restore"),
}
