"""The simulated browser sees of a page what a person sees, and no more."""

from __future__ import annotations

from jenkins_mfa.simulators.browser import read

PAGE = """<!DOCTYPE html><html><head><title>Not read</title></head><body><header><p>nor this</p></header>
<main data-page="gate" data-seen="3"><h1>Needs <code>a &lt; b</code></h1><noscript><p>no script</p></noscript>
<ul><li>one<br> two</li><li>three</li></ul><pre>kept
as it is</pre>
<section id="answer"><p>Answer</p><label for="key">Which</label><select id="key"><option value="a_1">One</option>
<option value="a_2">Two</option></select><button id="approve">Approve</button>
<details><summary>Deny</summary><p>folded</p><input id="reason"><button id="deny">Deny</button></details></section>
<section hidden><p>hidden</p></section><p>last</p></main></body></html>"""


def test_what_is_read_and_what_is_not() -> None:
    """Lines in their order; what is hidden, folded away or a label is no line; buttons, keys and words are known."""
    page = read("/gate/x", PAGE)
    assert page.lines == (
        ("h1", "Needs a < b"),
        ("li", "one two"),
        ("li", "three"),
        ("pre", "kept\nas it is"),
        ("p", "Answer"),
        ("p", "last"),
    )
    assert page.choices == {"approve", "deny"}
    assert page.keys == ("a_1", "a_2")
    assert (page.words["page"], page.words["seen"], page.path) == ("gate", "3", "/gate/x")


def test_a_key_that_is_the_only_one_stands_in_a_hidden_field() -> None:
    """Other fields are none."""
    assert read("/", '<main><input type="hidden" id="key" value="a_9"><input id="reason" value="x"></main>').keys == (
        "a_9",
    )
