"""A directory furnished for a service of its own."""

from streams.demo.configuration import furnish


def test_a_service_finds_its_tables_keys_and_state_beside_its_configuration(tmp_path):
    settings = furnish(tmp_path, "127.0.0.1:1", {"short_codes": "code,name\n333,voicemail\n"})
    assert settings.network.short_codes == tmp_path / "short_codes.csv"
    assert settings.network.tariff is None
    assert (settings.keys.dir, settings.service.state_dir) == (tmp_path / "keys", tmp_path / "state")
    assert settings.service.port == 0


def test_changes_go_before_what_is_usual_and_add_sections(tmp_path):
    changes = {
        "kafka": {"event_partitions": 1, "client.id": 'a "test"'},
        "service": {"port": 1},
        "windows": {"lateness": "2 min"},
    }
    settings = furnish(tmp_path, "127.0.0.1:1", {}, changes)
    assert settings.kafka.bootstrap_servers == "127.0.0.1:1"
    assert settings.kafka.event_partitions == 1
    assert settings.kafka.librdkafka()["client.id"] == 'a "test"'
    assert (settings.service.port, settings.windows.lateness_s) == (1, 120)
