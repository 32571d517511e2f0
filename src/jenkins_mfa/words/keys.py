"""Security keys in words: the way to their page, and why an answer of one was not counted."""

from __future__ import annotations

from dataclasses import dataclass

from jenkins_mfa.words.parts import Parts, Time, say


@dataclass(frozen=True, slots=True)
class Problem:
    """What a key's answer does not prove: a clause for the trail and its auditor, and what its person is told to do,
    whether they answer, sign in or enrol.
    """

    means: str
    told: str


#: The button that leads to the page.
OPEN = "Open the confirmation page"

#: By the code of the refusal.
REFUSALS = {
    "no_pages": "This gate needs a security key, and jenkins-mfa has no page to ask for it. Ops: [web] in config.toml.",
    "no_key": "Not counted: you have no such security key in use. Open the page again, or ask ops.",
    "question_over": "Not counted: the key was asked too long ago, or has answered already. Choose the button again.",
    "key_copied": (
        "Not counted: there may be a copy of this key, so it is switched off for good. Ops are told. "
        "Answer with another one, or have an administrator give you a new address."
    ),
    "page_over": "Not counted: this page has ended. Open it from Slack again, or sign in.",
    "key_model": (
        "Not counted: only keys of some models count here, and this one was not proved to be of one of them when it "
        "was enrolled. Ask an administrator for an address, and enrol such a key: ops know which ones are taken."
    ),
    "page_stale": "Not counted: this gate asks for something else since this page was opened. Open the page anew.",
    "key_unknown": "jenkins-mfa does not know this passkey. Use another one, or ask ops.",
}

_DAMAGED = (
    "the key's answer arrived damaged. Open the page again; if that happens once more, use another key or browser."
)
_MISFIT = "the key's answer does not fit what is asked here now. Open the page again."
_ELSEWHERE = "the key was used on another site than this one. Tell ops: somebody may imitate it. Open the page anew."
_STRANGE = "this key's public key is none that can be used here. Use another key, and tell ops."

#: By the reason of an EvidenceError.
PROBLEMS = {
    "malformed": Problem("it is damaged, or not in the form in which it is kept", _DAMAGED),
    "too_large": Problem("it is larger than any that a browser sends", _DAMAGED),
    "too_long": Problem(
        "what it leaves as evidence is longer than the trail takes",
        "this key's id and signatures are longer than jenkins-mfa can keep with an answer. Use another key.",
    ),
    "refused": Problem("it is not one that a security key gives", _DAMAGED),
    "flags": Problem("the key says of itself what no key says", _DAMAGED),
    "signature": Problem("the signature is not by this key, or not over this", _MISFIT),
    "ceremony": Problem("the key was asked for something else than that", _MISFIT),
    "challenge": Problem(
        "the key has signed something else: another gate, run, request, requirement, decision, person, key or time",
        _MISFIT,
    ),
    "expired": Problem(
        "it came after the question had ended", "the key was asked too long ago. Choose the button again."
    ),
    "origin": Problem("the key was used on another site", _ELSEWHERE),
    "rp_id": Problem("the key has signed for another site", _ELSEWHERE),
    "cross_origin": Problem(
        "the key was used in a frame within a page of another site",
        "this page stood within a page of another site. Tell ops which. Open it by itself.",
    ),
    "user_present": Problem("nobody touched the key", "nobody touched the key. Choose the button again, and touch it."),
    "user_verified": Problem(
        "the key did not look who used it, by PIN, finger or face",
        "the key did not ask for its PIN, your finger or face. Set one of them up on it, or use another key.",
    ),
    "algorithm": Problem("the public key is of another kind than its algorithm", _STRANGE),
    "key": Problem("the public key is none, is too weak, or is written in an unusual way", _STRANGE),
    "credential_id": Problem("the key's id is none that it could have", _STRANGE),
    "credential": Problem(
        "another key has answered than the one that was asked",
        "another key has answered than the one that you chose. Choose it on the page, or use the chosen one.",
    ),
    "user_handle": Problem("the key is one of somebody else", "this key is enrolled for somebody else. Use your own."),
    "backup": Problem(
        "the key contradicts its enrolment about being on several devices",
        "the key contradicts its enrolment about being on several devices. Use another one, and tell ops.",
    ),
    "counter": Problem(
        "the key counts no further than before: there may be a copy of it",
        "there may be a copy of this key. Use another one, and tell ops.",
    ),
    "attestation": Problem(
        "nobody vouches for the key's model as the policy demands",
        "the browser did not tell the key's model. Let it do so when it asks: only some models are taken here.",
    ),
    "root": Problem(
        "none of the makers whom config.toml names vouches for the key's model",
        "nobody whom jenkins-mfa knows vouches for this key's model. Use another key, or ask ops which ones are taken.",
    ),
    "model": Problem(
        "the key is of a model that the policy does not name",
        "this model of key is not taken here. Ask ops which ones are.",
    ),
}

#: The same for the trail: what its person did.
REFUSED = {
    "no_pages": "could not be asked for a key: there is no page for it",
    "no_key_yet": "has no security key",
    "no_key": "has no security key in use",
    "question_over": "answered a question that had ended, or was answered before",
    "key_refused": "sent an answer of a key that does not prove what was asked",
    "key_model": "used a key that was not proved to be of a model that the policy names",
    "key_unfit": "brought a new key that cannot be enrolled",
    "key_copied": "used a key of which there may be a copy",
    "page_over": "sent something from a page that had ended",
    "page_stale": "answered a page that showed what the gate asked for before",
    "key_unknown": "used a key that is not known",
}


def refused(problem: str) -> str:
    """What its person reads about an answer that was refused, by the reason of the EvidenceError."""
    return f"Not counted: {PROBLEMS[problem].told if problem in PROBLEMS else _MISFIT}"


def unfit(problem: str) -> str:
    """The same about a key that was not enrolled."""
    return f"Not enrolled: {PROBLEMS[problem].told if problem in PROBLEMS else _MISFIT}"


def means(problem: str) -> str:
    """The same for the trail and its auditor; a reason of another version stays recognizable."""
    return PROBLEMS[problem].means if problem in PROBLEMS else problem


def page(until: int) -> Parts:
    """Stands beside the button that opens the gate's page."""
    return say(
        "Confirm with your security key. The page opens once, for you only, until {until}. It shows this request again "
        "before it asks for the key.",
        until=Time(until),
    )
