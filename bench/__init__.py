"""Measurements. `python -m bench` (`make bench`) runs them all and prints what was measured beside what it is
compared to; nothing here asserts a time."""
