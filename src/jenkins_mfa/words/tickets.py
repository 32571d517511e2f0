"""One-time addresses in words: what they are for, and why one opens nothing."""

from __future__ import annotations

#: What a ticket is for, by its purpose.
USES = {
    "enrol": "an authenticator",
    "answer": "the confirmation page",
    "act": "an administrator's act",
    "own": "their own authenticators",
    "console": "the console",
}

#: Why an address opens nothing, by the code of the refusal.
REFUSALS = {
    "ticket_unknown": "This address opens nothing here. Open it exactly as you were given it, or ask for a new one.",
    "ticket_used": "This address was used already. Each opens once: ask for a new one. If it was not you, tell ops.",
    "ticket_over": "This has ended. Ask an administrator for a new address.",
    "ticket_of_another": "Not recorded: this question is for somebody else. Tell ops that you have seen it.",
    "not_vouched": "Not yet: jenkins-mfa asks you in a direct message in Slack whether it is you.",
    "shown_before": "The key was shown once already, and is not shown again. Ask for a new address.",
    "not_shown": "There is no key yet that a code could prove. Nothing changed.",
    "label_unfit": "This name holds a character that cannot be shown. Use letters and digits.",
    "enrolled_already": "You have two code apps already. Have one switched off first, or enrol a security key.",
    "keys_enough": "You have five security keys already. Remove one first.",
    "other_kind": "This page enrols something else. Begin again with what you want to enrol.",
    "key_taken": "This security key is enrolled already, and belongs to one person only.",
}
