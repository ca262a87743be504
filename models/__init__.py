"""What we know and think about calls: pure values in, values out; no I/O, no clock, no randomness."""
