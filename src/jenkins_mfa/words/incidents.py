"""Alerts that say one sentence each, with nothing in it but what the alert brings."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from jenkins_mfa.words.parts import Everyone, Fact, Parts, say

#: By the alert's code. `{here}` calls everyone in the channel; every other name is a value of the alert, quoted.
TEXTS = {
    "refused_often": (
        "Gates of {target} were refused 20 times within an hour for one reason ({reason}). Further ones are in the "
        "trail and on their builds' pages only."
    ),
    "flooded": (
        "More of {target} waits in Jenkins than is asked at a time. The rest stays paused, and is asked as the others "
        "end; nothing of it goes on by itself. Abort there what should not be."
    ),
    "brought_back": (
        "An input waits again although its gate had ended, as after a crash of Jenkins, or a backup that was put "
        "back. No earlier answer counts for it; a denial stands. Find out why it came back."
    ),
    "delivery_parked": "A delivery was given up: {lane}. {reason}",
    "unshown": "Slack does not show this build whole, so it cannot be approved there: {reason}",
    "abort_caught": "Jenkins took the abort, but the build goes on: its Pipeline caught it. Stop it by hand.",
    "abort_outrun": "The build was not let go on, but ended well: its Pipeline caught the abort. See what ran.",
    "seal_broken": (
        "What the store holds of a gate is not what was written. It gets no receipt. See who can write there."
    ),
    "trail_unkept": (
        "The trail is not kept outside the store as it should be: {problem}. Gates go on. Mend it soon: "
        "until then nothing outside shows what happens."
    ),
    "record_damaged": (
        "What the store holds as {record} is not what was written: {reason}. It is left as it is, and nothing "
        "is decided on it. See who can write there, and jenkins-mfa check."
    ),
    "other_installation": (
        "{here} The installation {installation} uses our account in Jenkins ({source}). Nothing new is asked there: "
        "each would answer the other's builds. Give each an account of its own."
    ),
    "policy_refused": (
        "The policy or the roster on disk cannot be used: {problem}. Nothing was taken over; what held before "
        "still holds. See jenkins-mfa policy check."
    ),
    "unheard": (
        "What becomes of gates is announced to nobody: {problem}. Gates go on, and people are asked as ever. "
        "See [webhook] in config.toml."
    ),
    "policy_right": "Policy and roster on disk are right again, and hold.",
    "certificate_refused": (
        "The pages' new certificate cannot be used: {problem}. The one before goes on until it ends."
    ),
    "vault_refused": "The vault's keys on disk cannot be used: {problem}. The keys that held before still hold.",
    "token_refused": (
        "What stands on disk for {what} cannot be used: {problem}. The one before goes on as long as it is taken; this "
        "is tried again."
    ),
    "trust_ends": (
        "The library of {source} knows no receipt key beyond {kid}, which ends in {days} days: then every build there "
        "is denied. jenkins-mfa keys generate, then keys public --library DIR, and a new tag."
    ),
    "key_revoked": (
        "{here} The receipt key {kid} was revoked by {by}. Whoever has a copy of it can write receipts for builds "
        "that began before: publish the library, and look at the builds that jenkins-mfa keys revoke {kid} names."
    ),
    "keys_refused": (
        "The receipt keys on disk cannot be used: {problem}. The keys that held before still sign, but for those that "
        "were revoked."
    ),
}


def text(code: str, values: Mapping[str, str]) -> Parts:
    """What the alert says; a value that it does not bring is empty."""
    said = TEXTS[code]
    names = [name for _, name, _, _ in Formatter().parse(said) if name]
    return say(said, **{name: Everyone() if name == "here" else Fact(values.get(name, "")) for name in names})
