"""JSON of a given shape, decoded side by side in several threads.

msgspec (0.22) lists the fields of a class when it first meets it, and shows the half-made list to other threads: a
second one that decodes the same class then ends the whole process with a segmentation fault. So decoders are made one
at a time, and every typed JSON of ours goes through here.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_making = threading.Lock()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def decode(data: bytes | msgspec.Raw, shape: type[T]) -> T:
    """The value, of exactly that shape. Raises what msgspec's decoder raises, and UnicodeError."""
    with _making:
        decoder = _decoders.get(shape)
        if decoder is None:
            decoder = _decoders[shape] = msgspec.json.Decoder(shape)
    found: T = decoder.decode(data)
    return found
