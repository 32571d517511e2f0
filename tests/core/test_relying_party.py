"""RP id and origin come from the address that people open."""

import pytest

from jenkins_mfa.core.relying_party import RelyingParty


@pytest.mark.parametrize(
    ("address", "rp_id", "origin"),
    [
        ("https://mfa.example.com", "mfa.example.com", "https://mfa.example.com"),
        ("https://MFA.Example.com:443/", "mfa.example.com", "https://mfa.example.com"),
        ("https://mfa.example.com:8443/mfa/", "mfa.example.com", "https://mfa.example.com:8443"),
        ("https://xn--mnchen-3ya.example", "xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ("http://localhost:8765", "localhost", "http://localhost:8765"),
        ("http://localhost:80", "localhost", "http://localhost"),
        ("https://localhost", "localhost", "https://localhost"),
    ],
)
def test_an_address_gives_what_a_browser_will_write(address: str, rp_id: str, origin: str) -> None:
    """Lower case, no default port, no path: the origin is compared letter by letter."""
    assert RelyingParty.at(address) == RelyingParty(rp_id, origin)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mfa.example.com",
        "http://mfa.example.com",
        "http://mfa.localhost",
        "http://127.0.0.1:8765",
        "https://127.0.0.1",
        "https://[::1]",
        "https://[::1",
        "https://mfa",
        "https://mfa.example.com.",
        "https://münchen.example",
        "https://alice@mfa.example.com",
        "https://mfa.example.com:99999",
        "https://mfa.example.com?x=1",
        "https://mfa.example.com#x",
        "https://mfa_1.example.com",
        "ftp://mfa.example.com",
    ],
)
def test_an_address_where_no_browser_uses_keys_is_refused(address: str) -> None:
    """Plain http but on this machine, numbers, one-label and foreign names, and what is no address of a site."""
    with pytest.raises(ValueError):
        RelyingParty.at(address)


def test_a_user_handle_is_of_one_person_at_one_installation() -> None:
    """WebAuthn L3, 14.6.1: it names nobody; at most 64 bytes."""
    here, there = RelyingParty.at("https://mfa.example.com"), RelyingParty.at("https://mfa.example.net")
    handles = {party.user_handle(person) for party in (here, there) for person in ("alice", "bob")}
    assert len(handles) == 4
    assert {len(handle) for handle in handles} == {32}
    assert here.user_handle("alice") == here.user_handle("alice")
