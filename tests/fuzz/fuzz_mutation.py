"""Inputs out of inputs: bytes changed at random, and tokens of a text exchanged for those that parsers stumble over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

#: What a text of any of our formats is made of: strings, words and numbers, white space, and one sign at a time.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|.', re.DOTALL)

#: In the place of a token: of another type, at and beyond a border, or what another parser reads differently.
ODD = [
    b"",
    *b'null true false [] {} "" [[]] {"":""} [null] ["",1] {{ ] 0 -1 -0 1 0.5 1e999 1e-999 NaN -Infinity 01 +1'.split(),
    *(b"%d" % (2**bits - less) for bits in (31, 32, 53, 63, 64) for less in (0, 1)),
    *(b"9" * 20, b"9" * 400, b"-" + b"9" * 19, b"0" * 40, b"a" * 300),
    *rb'"\ud800" "\u0000" "\u202e" "\n" \xff'.split(),
    *'"ß\u202e" "٣" "\U0001f512" \u2028'.encode().split(),
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b"\r\n", b"\n", b"\t", b" ", b"\x1b[2J"),
    *b"1979-05-27 07:32:00 0001-01-01T00:00:00 9999-12-31T23:59:59-23:59 2030-01-01T00:00:00Z".split(),
    *b"= == . .. / // % %2F %00 # : ; , ' \" \\ < & * ** [a [!] __proto__ eyJ".split(),
    *(b"g_" + b"0" * 32, b"Mfa-" + b"0" * 32),
]


def mutated(data: bytes, others: Sequence[bytes], random: Random, most: int = 1 << 16) -> bytes:
    """Another input of at most `most` bytes, like `data` but for one to four changes; parts may be of `others`."""
    for _ in range(random.choice((1, 1, 2, 4))):
        change = random.choice((_tokens, _tokens, _bytes))
        data = change(data, random.choice(others) if others else data, random)[:most]
    return data


def _tokens(data: bytes, other: bytes, random: Random) -> bytes:
    """One token is left out, doubled, exchanged, or moved here from `other`."""
    tokens = _TOKENS.findall(data)
    at = random.randrange(len(tokens) + 1)
    end = min(len(tokens), at + random.choice((1, 1, 1, 3, 9)))
    match random.randrange(5):
        case 0:
            new = []
        case 1:
            new = tokens[at:end] * random.choice((2, 2, 40))
        case 2:
            found = _TOKENS.findall(other)
            start = random.randrange(len(found) + 1)
            new = found[start : start + random.choice((1, 3, 9))]
        case _:
            new = [random.choice(ODD)]
    return b"".join((*tokens[:at], *new, *tokens[end:]))


def _bytes(data: bytes, other: bytes, random: Random) -> bytes:
    """A bit or a byte is changed, bytes are put in, left out, doubled, or both inputs are joined somewhere."""
    at, size = random.randrange(len(data) + 1), random.choice((1, 1, 2, 4, 16))
    match random.randrange(6):
        case 0 if at < len(data):
            return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
        case 1:
            return data[:at] + random.randbytes(size) + data[at + size :]
        case 2:
            return data[:at] + data[at + size :]
        case 3:
            return data[:at] + data[at : at + size] * 9 + data[at + size :]
        case 4:
            return data[:at]
        case _:
            return data[:at] + other[random.randrange(len(other) + 1) :]


#: Inputs that are long or deep: what they cost must not grow faster than they do. Each is given to every target.
LARGE = [
    *(
        start * 30_000
        for start in (b"[", b'{"a":', b'"', b"\\", b"a", b"a.", b"9", b" ", b"\n", b"\0", b"\xff", b"\x81")
    ),
    *(start * 30_000 for start in (b"\x9f", b"a = [", b":a", b"<@", b"eyJ")),
    b"[" * 30_000 + b"]" * 30_000,
    b'{"a":[' * 20_000 + b"]}" * 20_000,
    b'{"a":"' + b"x" * 100_000 + b'"}',
    b"[" + b"0," * 30_000 + b"0]",
    b"{" + b",".join(b'"%d":0' % n for n in range(10_000)) + b"}",
    b"a." * 15_000 + b"a = 1",
]
