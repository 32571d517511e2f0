"""The trail: what was changed, lost, doubled or moved shows; secrets have no place in it (S12, S13)."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.core import audit
from jenkins_mfa.core import chain as chains
from jenkins_mfa.core.audit import AuditEvent, Name
from jenkins_mfa.core.chain import Broken, Chain
from jenkins_mfa.core.seal import framed
from jenkins_mfa.errors import UntrustedInputError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EVENTS = st.builds(
    AuditEvent,
    seq=st.integers(1, 10**9),
    at=st.integers(0, 10**13),
    name=st.sampled_from(Name),
    actor=TEXT,
    gate=TEXT,
    source=TEXT,
    run=TEXT,
    details=st.dictionaries(st.sampled_from(sorted(audit.DETAILS)), TEXT | st.integers(-(10**15), 10**15), max_size=4),
)


def _trail(length: int, first: int = 1, previous: str = audit.START) -> list[tuple[bytes, str]]:
    trail = []
    for seq in range(first, first + length):
        raw = audit.encode(AuditEvent(seq, 1764000000000 + seq, Name.GATE_OPENED, "agent", f"g_{seq}.1"))
        previous = audit.link(previous, raw)
        trail.append((raw, previous))
    return trail


def _mangled(event: AuditEvent, at: int, cut: int, more: bytes) -> bytes:
    """An event, mostly with something taken out or put in."""
    raw = audit.encode(event)
    return raw[:at] + more + raw[at + cut :]


@given(EVENTS)
def test_s12_an_event_is_read_back_from_one_line_of_ascii(event: AuditEvent) -> None:
    """S12: whatever is in it, no line can be forged in the trail."""
    raw = audit.encode(event)
    assert audit.decode(raw) == event
    assert raw.decode("ascii").isprintable()


@given(st.binary(max_size=100))
def test_anything_else_is_refused(raw: bytes) -> None:
    """Nothing but our error leaves the reader."""
    with pytest.raises(UntrustedInputError):
        audit.decode(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seq":1', b'"seq":true'),
        (b'"seq":1', b'"seq":"1"'),
        (b'"actor":"agent"', b'"actor":5'),
        (b"gate:opened", b"gate:vanished"),
        (b'"details":{}', b'"details":{"code":"492113"}'),
        (b'"details":{}', b'"details":{"reason":1.5}'),
        (b'"details":{}', b'"details":[]'),
        (b'"run":""', b'"run":"","extra":""'),
        (b'"run":"",', b""),
        (b'"seq":1', b'"seq": 1'),
    ],
    ids=str,
)
def test_an_event_of_another_form_is_refused(old: bytes, new: bytes) -> None:
    """One spelling only: members, types, names, and no spaces."""
    raw = _trail(1)[0][0]
    assert old in raw
    with pytest.raises(UntrustedInputError):
        audit.decode(raw.replace(old, new))


@pytest.mark.parametrize("key", ["number", "code", "seed", "token", "secret", "receipt", "ticket", "password", "text"])
def test_a_secret_has_no_place_in_the_details(key: str) -> None:
    """Only listed details are taken, and none of these is listed."""
    with pytest.raises(ValueError):
        AuditEvent(1, 1, Name.GATE_OPENED, "agent", details={key: "x"})


@pytest.mark.parametrize("value", [True, "x" * 4001, "\ud800"], ids=ascii)
def test_details_are_whole_numbers_and_bounded_texts(value: object) -> None:
    """What could not be read back is not written."""
    with pytest.raises(ValueError):
        AuditEvent(1, 1, Name.GATE_OPENED, "agent", details={"reason": value})  # type: ignore[dict-item]


def test_an_untouched_trail() -> None:
    """From its beginning, and from any later event with the hash before it."""
    trail = _trail(5)
    assert chains.verify_chain(trail, head=(5, trail[-1][1])) == Chain(1, 5, trail[-1][1])
    assert chains.verify_chain(trail[2:], first=3, previous=trail[1][1]) == Chain(3, 5, trail[-1][1])
    assert chains.verify_chain([]) == Chain(1, 0, audit.START)


@given(st.text(alphabet="0123456789abcdef", max_size=64), st.binary(max_size=300))
def test_a_link_frames_its_parts_as_everything_that_is_hashed(previous: str, raw: bytes) -> None:
    """Written out for speed, and the same."""
    assert audit.link(previous, raw) == hashlib.sha256(framed("jenkins-mfa/trail/v1", previous, raw)).hexdigest()


@given(st.builds(_mangled, EVENTS, st.integers(0, 400), st.integers(0, 2), st.binary(max_size=3)))
def test_the_fast_reader_takes_what_the_strict_one_takes(raw: bytes) -> None:
    """An event that is changed anywhere: both say the same about it, and read the same."""
    try:
        strict: int | None = audit.decode(raw).seq
    except UntrustedInputError:
        strict = None
    assert chains.sequence(raw) == strict
    if strict is not None:
        event, found = audit.decode(raw), chains.entry_of(raw)
        assert (found.event, found.details, found.run) == (event.name, event.details, event.run)


@pytest.mark.parametrize(
    "spoilt",
    [
        b'"event":"gate:unheard"', b'"event":"gate:denied","event":"gate:denied"', b'"event": "gate:denied"',
        b'"event":"gate:denied","more":1', b'"event":1', b'"event":"gate:\\u0064enied"',
    ],
)  # fmt: skip
def test_what_is_not_written_as_the_agent_writes_it_is_no_event(spoilt: bytes) -> None:
    """Also where somebody has linked it: two readers could read it differently."""
    raw = audit.encode(AuditEvent(1, 1, Name.GATE_DENIED, "bob", details={"reason": "no", "via": "x"}))
    assert chains.sequence(raw) == 1
    for bad in (raw.replace(b'"event":"gate:denied"', spoilt), raw.replace(b'"reason"', b'"unlisted"')):
        assert bad != raw
        assert chains.sequence(bad) is None
    swapped = raw.replace(b'"reason":"no","via":"x"', b'"via":"x","reason":"no"')
    assert swapped != raw
    assert chains.sequence(swapped) is None


@given(st.integers(0, 4), st.integers(0, 200), st.integers(1, 255))
def test_s13_one_changed_byte_shows(place: int, offset: int, flip: int) -> None:
    """The events before it are still proved, it and later ones are not."""
    trail = _trail(5)
    raw, stored = trail[place]
    changed = bytearray(raw)
    changed[offset % len(raw)] ^= flip
    trail[place] = (bytes(changed), stored)
    found = chains.verify_chain(trail)
    assert isinstance(found, Broken)
    assert found.seq <= place + 1 or found.how in {"missing", "reordered"}


def test_a_changed_event_with_a_new_hash_breaks_at_the_next() -> None:
    """Who links only one event anew is found by the one after it."""
    trail = _trail(5)
    forged = audit.encode(AuditEvent(3, 1764000000003, Name.GATE_APPROVED, "mallory", "g_3.1"))
    trail[2] = (forged, audit.link(trail[1][1], forged))
    assert chains.verify_chain(trail) == Broken(4, "changed")


def test_lost_doubled_and_moved_events_are_told_apart() -> None:
    """The operator reads what happened to the trail."""
    trail = _trail(5)
    assert chains.verify_chain(trail[:2] + trail[3:]) == Broken(3, "missing")
    assert chains.verify_chain(trail[1:]) == Broken(1, "missing")
    assert chains.verify_chain([*trail[:3], trail[2], *trail[3:]]) == Broken(3, "doubled")
    assert chains.verify_chain([trail[0], trail[2], trail[1], *trail[3:]]) == Broken(2, "reordered")


def test_s13_the_loss_of_the_newest_events_shows_against_the_head() -> None:
    """mobula #59: without a known head their loss leaves no trace."""
    trail = _trail(5)
    assert chains.verify_chain(trail[:3], head=(5, trail[-1][1])) == Broken(4, "missing")
    assert chains.verify_chain(trail[:3]) == Chain(1, 3, trail[2][1])


def test_a_trail_longer_than_its_head_or_with_another_one() -> None:
    """An older head beside newer events, or another chain of the same length, is no match."""
    trail = _trail(5)
    assert isinstance(chains.verify_chain(trail, head=(3, trail[2][1])), Broken)
    assert isinstance(chains.verify_chain(trail, head=(5, "0" * 64)), Broken)


def test_a_chain_begun_elsewhere_does_not_fit() -> None:
    """The hash before is part of each hash."""
    assert chains.verify_chain(_trail(2, previous="0" * 64)) == Broken(1, "changed")
