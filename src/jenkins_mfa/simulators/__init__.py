"""Simulators of the outside systems on real sockets, for the demo, the tests and the benchmarks alike."""
