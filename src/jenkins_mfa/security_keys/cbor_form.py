"""The form of CBOR that security keys write (CTAP 2.1, 8), looked at before anything is decoded.

The decoder also makes dates, regular expressions and shared values out of tags: with a few hundred bytes of the last
kind it is kept busy for seconds. No security key writes any of them.
"""

from __future__ import annotations

_EXTRA = {24: 1, 25: 2, 26: 4, 27: 8}  #: bytes of a number that does not fit into the head
_SIMPLE = {20, 21, 22}  #: false, true, null


def end_of(raw: bytes, start: int = 0) -> int:
    """Where the item that begins at `start` ends.

    Raises ValueError where it is cut off, and for tags, floats and indefinite lengths.
    """
    place, items = start, 1
    while items:
        if place >= len(raw):
            raise ValueError("CBOR that is cut off")
        kind, info = raw[place] >> 5, raw[place] & 31
        if info > max(_EXTRA) or kind == 6 or (kind == 7 and info not in _SIMPLE):
            raise ValueError("CBOR that no security key writes")
        extra = _EXTRA.get(info, 0)
        value = int.from_bytes(raw[place + 1 : place + 1 + extra]) if extra else info
        place += 1 + extra + (value if kind in {2, 3} else 0)
        items += {4: value, 5: 2 * value}.get(kind, 0) - 1
    if place > len(raw):
        raise ValueError("CBOR that is cut off")
    return place
