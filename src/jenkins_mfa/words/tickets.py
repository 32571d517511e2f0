"""One-time addresses in words: what they are for, and why one opens nothing."""

from __future__ import annotations

#: What a ticket is for, by its purpose.
USES = {"enrol": "an authenticator", "answer": "the confirmation page", "act": "an administrator's act"}

#: Why an address opens nothing, by the code of the refusal.
REFUSALS = {
    "ticket_unknown": "This address opens nothing here. Open it exactly as you were given it, or ask for a new one.",
    "ticket_used": "This address was used already. Each opens once: ask for a new one. If it was not you, tell ops.",
    "ticket_over": "This address has ended. Ask for a new one.",
}
