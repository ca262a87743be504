"""The demo's directory: a configuration and tables that the service takes."""

from models.scenarios.network import DESTINATIONS
from streams.demo import stage
from streams.tables import load_tables


def test_the_settings_are_what_the_audience_is_told(tmp_path):
    settings = stage.write(tmp_path, "127.0.0.1:1")
    policy = settings.policy
    told = (policy.lease_s, policy.half_open_after_s, policy.trickle_per_min)
    assert told == (stage.LEASE_S, stage.HALF_OPEN_AFTER_S, stage.TRICKLE_PER_MIN)
    assert all(str(value) in stage.SHORTENED for value in told)
    assert settings.kafka.bootstrap_servers == "127.0.0.1:1"


def test_the_tables_are_good_and_name_the_voicemail(tmp_path):
    tables = load_tables(stage.write(tmp_path, "127.0.0.1:1"))
    assert {code.code: code.name for code in tables.short_codes}["333"] == "voicemail"
    assert {row.prefix: row.rate for row in tables.tariff} == {place.prefix: place.price for place in DESTINATIONS}
