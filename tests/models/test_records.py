"""Bytes become events or rejects, each record by itself."""

import json

import pytest
from bad_events import AHEAD, BAD_EVENTS, GOOD, Bad
from examples import ANSWER, ATTEMPT, RELEASE, TS, event, raw
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import Event
from models.judging import depth, own_bytes
from models.records import decode
from models.rejects import Reason, Reject
