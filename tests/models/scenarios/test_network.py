"""The simulated network: the same seed plans the same calls, and every call is one that could be made."""

from itertools import islice

import numpy as np
import pytest

from models.scenarios.network import LATE_SWITCH, Kind, Network

BEGIN_MS = 1_795_460_000_000


def calls(seed: int, count: int = 3_000):
    network = Network(np.random.default_rng(seed), subscribers=500)
    return list(islice(network.day(BEGIN_MS, calls_per_s=10.0), count))


def test_the_same_seed_plans_the_same_calls():
    assert calls(1) == calls(1)
    assert calls(1) != calls(2)


def test_calls_come_in_the_order_of_time_at_the_rate_asked_for():
    times = [call.time_ms for call in calls(3)]
    assert times == sorted(times)
    assert (times[-1] - BEGIN_MS) / 1000 == pytest.approx(300, rel=0.15)


def test_no_two_calls_share_an_id():
    planned = calls(4)
    assert len({call.call_id for call in planned}) == len(planned)


def test_every_kind_of_call_is_made_and_most_are_at_home():
    kinds = [call.kind for call in calls(5)]
    assert set(kinds) == set(Kind)
    assert kinds.count(Kind.HOME) > len(kinds) / 2


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        (Kind.HOME, lambda c: c.called_type == "national" and c.called.startswith("05") and c.price > 0),
        (Kind.VOICEMAIL, lambda c: c.called_type == "short" and c.called in {"333", "177"} and c.price == 0),
        (Kind.PAID, lambda c: c.called.startswith("+") and c.dialled == "00" + c.called[1:] and c.price > 0),
        (Kind.CHARGED_LATE, lambda c: c.switch == LATE_SWITCH and c.duration_s > 0),
        (Kind.FORWARDED, lambda c: c.called.startswith("+") and c.dialled.startswith("06")),
        (Kind.ROAMING, lambda c: c.called.startswith("+") and c.dialled.startswith("06")),
        (Kind.DECLARED, lambda c: c.called.startswith("+351800")),
    ],
)
def test_a_call_is_dialled_and_priced_as_its_kind_is(kind, holds):
    planned = [call for call in calls(6) if call.kind is kind]
    assert planned
    assert all(holds(call) for call in planned)


def test_who_redials_is_one_payer_at_one_number():
    planned = [call for call in calls(7) if call.kind is Kind.REDIAL]
    assert len({(call.account, call.called) for call in planned}) == 1
