"""An oracle of its own: what must come of a log of events, worked out record by record from the contract alone.

It imports neither `streams` nor `models`, and shares no code with them: two readings of one contract must agree.
"""
