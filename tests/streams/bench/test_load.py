"""Loads: what the service makes of their records is what their recipe says; the same recipe gives the same bytes."""

import hashlib
import json
from collections import Counter

import msgspec
import numpy as np
import pytest

from models.numbers import Network
from models.prices import Price
from models.records import decode
from models.rows import rows_of
from models.tables import FreePrefix, Tables
from streams.bench.limit import decode_all
from streams.bench.load import Load, Recipe, slices
from streams.bench.traffic import FREEPHONE
from streams.bench.wire import PRODUCERS, spoil

RECIPE = Recipe(12_000, per_s=200, bad=0.01)
TABLES = Tables(free_prefixes=(FreePrefix(f"+{FREEPHONE.prefix}", "freephone", None, None, ""),))


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    return Load(RECIPE, tmp_path_factory.mktemp("loads"))


@pytest.fixture(scope="module")
def judged(load):
    values = [record.value for record in load]
    decoded = decode(values)
    zeros = np.zeros(len(values), np.int32)
    rows, bad = rows_of(decoded, Network(home_country_code="212"), TABLES, zeros, np.arange(len(values)), "account")
    return rows, [*decoded.rejects, *bad]


def test_a_load_has_as_many_records_as_its_recipe_says(load):
    assert len(load) == len(list(load)) == len(load.sent_ms) == RECIPE.events
    assert 280 < load.bytes_per_event < 320


def test_the_service_rejects_what_was_spoiled_for_several_reasons_and_nothing_else(judged):
    rows, rejects = judged
    assert len(rows) + len(rejects) == RECIPE.events
    assert len(rejects) / RECIPE.events == pytest.approx(RECIPE.bad, rel=0.3)
    assert len({reject.reason for reject in rejects}) == 5


def test_free_calls_are_evidence_habits_and_declared_ones(judged):
    rows, _ = judged
    prices = Counter(rows.price.tolist())
    assert all(prices[kind] for kind in (Price.FREE, Price.PAID, Price.ALLOWANCE, Price.DECLARED))
    rated = np.isin(rows.price, (Price.FREE, Price.ALLOWANCE, Price.DECLARED))
    assert 0.004 < rated.sum() / len(rows) < 0.02


def test_every_producer_spells_in_its_own_order_and_spacing(load):
    starts = Counter()
    for record in load:
        starts[record.value[:3]] += 1
    assert len([start for start, count in starts.items() if count > RECIPE.events / 10]) == len(PRODUCERS)


def test_a_record_has_its_calls_id_as_its_key(load):
    good = [record for record in load if not decode_all([record.value])]
    assert all(json.loads(record.value)["call_id"] == record.key.decode() for record in good[:500])


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(load, tmp_path):
    def digest(load):
        return hashlib.sha256(b"".join(record.key + record.value for record in load)).hexdigest()

    assert digest(Load(RECIPE, tmp_path)) == digest(load)
    assert digest(Load(msgspec.structs.replace(RECIPE, seed=8), tmp_path)) != digest(load)


def test_a_load_is_made_once(load, monkeypatch):
    monkeypatch.setattr(Load, "_make", None)
    assert len(Load(RECIPE, load.path.parent)) == RECIPE.events


def test_nothing_is_left_of_a_load_whose_making_was_interrupted(tmp_path, monkeypatch):
    def interrupted(_recipe):
        yield next(slices(RECIPE))
        raise KeyboardInterrupt

    monkeypatch.setattr("streams.bench.load.slices", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Load(RECIPE, tmp_path)
    assert not list(tmp_path.iterdir())


def test_arrays_hold_the_same_events(tmp_path):
    one, many = (Load(Recipe(1_000, per_s=50, bad=0.0, array=array), tmp_path) for array in (1, 50))
    events = [json.loads(record.value) for record in one]
    assert [event for record in many for event in json.loads(record.value)] == events
    assert len(many) == 20
    assert np.array_equal(many.sent_ms, one.sent_ms[::50])


def test_event_times_follow_the_schedule(load):
    first = next(json.loads(record.value) for record in load if not decode_all([record.value]))
    assert abs(RECIPE.begin_ms - first["ts"]) <= 100_000
    assert load.sent_ms[0] == pytest.approx(0, abs=1_000)
    assert load.sent_ms[-1] == pytest.approx(RECIPE.events / RECIPE.per_s * 1_000, rel=0.05)


@pytest.mark.parametrize("how", range(5))
def test_what_is_spoiled_is_refused_whoever_wrote_it(load, how):
    good = [record.value for record in load if not decode_all([record.value])][:60]
    values = [spoil(value, how) for value in good if b'"ts"' in value and b"+" in value]
    decoded = decode(values)
    zeros = np.zeros(len(values), np.int32)
    rows, bad = rows_of(decoded, Network(home_country_code="212"), Tables(), zeros, np.arange(len(values)), "account")
    assert len(decoded.rejects) + len(bad) == len(values)
    assert not len(rows)
