package harness

/** What every further step of a killed build meets. */
class HardKill extends Error { }
