"""The rules: values in, values out. No I/O, no clock, no randomness of its own, no word of the outside."""
