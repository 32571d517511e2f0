"""Security keys in words: the way to their page, and why an answer of one was not counted."""

from __future__ import annotations

from jenkins_mfa.words.parts import Parts, Time, say

#: The button that leads to the page.
OPEN = "Open the confirmation page"

#: By the code of the refusal.
REFUSALS = {
    "no_pages": "This gate needs a security key, and jenkins-mfa has no page to ask for it. Ops: [web] in config.toml.",
    "no_key": "Not counted: you have no such security key in use. Open the page again, or ask ops.",
    "question_over": "Not counted: the key was asked too long ago, or has answered already. Choose the button again.",
    "key_refused": "Not counted: the key's answer does not fit what is asked here now. Open the page again.",
    "key_copied": (
        "Not counted: there may be a copy of this key, so it is switched off for good. Ops are told. "
        "Answer with another one, or have an administrator give you a new address."
    ),
    "page_over": "Not counted: this page has ended. Open it from Slack again, or sign in.",
    "key_unknown": "jenkins-mfa does not know this passkey. Use another one, or ask ops.",
}

#: The same for the trail: what its person did.
REFUSED = {
    "no_pages": "could not be asked for a key: there is no page for it",
    "no_key_yet": "has no security key",
    "no_key": "has no security key in use",
    "question_over": "answered a question that had ended, or was answered before",
    "key_refused": "sent an answer of a key that does not prove what was asked",
    "key_copied": "used a key of which there may be a copy",
    "page_over": "sent something from a page that had ended",
    "key_unknown": "used a key that is not known",
}


def page(until: int) -> Parts:
    """Stands beside the button that opens the gate's page."""
    return say(
        "Confirm with your security key. The page opens once, for you only, until {until}. It shows this request again "
        "before it asks for the key.",
        until=Time(until),
    )
