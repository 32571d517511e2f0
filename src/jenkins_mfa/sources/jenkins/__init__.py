"""Jenkins as a source: its remote API in, its input steps out."""
