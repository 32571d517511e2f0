"""Security keys in words: why an answer of one was not counted."""

from __future__ import annotations

#: By the code of the refusal.
REFUSALS = {
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
    "no_key": "has no security key in use",
    "question_over": "answered a question that had ended, or was answered before",
    "key_refused": "sent an answer of a key that does not prove what was asked",
    "key_copied": "used a key of which there may be a copy",
    "page_over": "sent something from a page that had ended",
    "key_unknown": "used a key that is not known",
}
