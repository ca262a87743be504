"""Settings: file and environment, what is refused and how it is said, and what Kafka's clients are given."""

import os
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.assembly import policy_of
from streams.durations import seconds
from streams.errors import UsageError
from streams.settings import load


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("RINGFENCE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(text: str) -> Path:
    path = Path("ringfence.toml").resolve()
    path.write_text(text, encoding="utf-8")
    return path


def refusal(text: str = "", **environ: str) -> str:
    if text:
        written(text)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        with pytest.raises(UsageError) as caught:
            load()
    message = str(caught.value)
    assert "\n" not in message, "one line"
    return message


def test_everything_has_a_default_but_the_networks_own_facts():
    settings = load()
    assert settings.kafka.bootstrap_servers == "127.0.0.1:9092"
    assert (settings.windows.lateness_s, settings.windows.price_evidence_s) == (600, 86_400)
    with pytest.raises(UsageError, match="home_country_code"):
        settings.numbering()


def test_the_file_of_the_working_directory_is_read_and_the_environment_wins(monkeypatch):
    written('[policy]\nmode = "shadow"\nimpact_total = 0.2\n')
    monkeypatch.setenv("RINGFENCE_POLICY__MODE", "limit")
    assert (load().policy.mode, load().policy.impact_total) == ("limit", 0.2)


def test_the_contracts_example_is_good():
    path = written(
        """
[network]
home_country_code = "212"
home_prefixes = ["+1242"]
international_prefix = "00"
short_codes = "short_codes.csv"
[kafka]
bootstrap_servers = "127.0.0.1:9092"
[detection]
payer = "account"
[policy]
mode = "enforce"
impact_per_command = 0.05
[windows]
price_evidence = "48 h"
"""
    )
    settings = load(path)
    assert settings.network.home_prefixes == ("+1242",)
    assert settings.windows.price_evidence_s == 48 * 3600


def test_paths_are_relative_to_the_file_that_names_them(tmp_path):
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "our.toml"
    path.write_text('[network]\ntariff = "tariff.csv"\n[kafka]\nssl.ca.location = "/abs/ca.pem"\n')
    settings = load(Path("etc/our.toml"))
    assert settings.network.tariff == Path("etc/tariff.csv")
    assert settings.kafka.librdkafka()["ssl.ca.location"] == "/abs/ca.pem"


def test_lists_of_the_environment_have_commas(monkeypatch):
    monkeypatch.setenv("RINGFENCE_NETWORK__HOME_PREFIXES", "+1242, +1246")
    assert load().network.home_prefixes == ("+1242", "+1246")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[policy]\nlease = 3", "[policy] lease: unknown setting; did you mean lease_s?"),
        ("[polcy]\nmode = 'off'", "[polcy] mode: unknown setting; did you mean [policy] mode?"),
        (
            "[policy]\nlateness_s = 3",
            "[policy] lateness_s: unknown setting; did you mean [windows] lateness_s?",
        ),
        ("mode = 'off'", "mode: a setting outside its section; did you mean [policy] mode?"),
        (
            "[policy.rules]\nwangeri = 'off'",
            "[policy] rules.wangeri: unknown setting; did you mean rules.wangiri?",
        ),
        ("[kafka]\nsasl.pasword = 'x'", "[kafka] sasl.pasword: unknown setting; did you mean sasl.password?"),
        ("[policy]\nmode = 'on'", "[policy] mode = 'on': expected 'off', 'shadow', 'limit' or 'enforce'"),
        ("[policy]\nimpact_total = 5", "[policy] impact_total = 5: expected less than or equal to 1"),
        ("[network]\nhome_country_code = '+212'", "[network] home_country_code = '+212': expected an E.164"),
        ("[network]\nhome_prefixes = ['1242']", "[network] home_prefixes = ['1242']: '1242': expected + and"),
        ("[windows]\nlateness = 'soon'", "[windows] lateness = 'soon': expected a duration"),
        ("[kafka]\nbootstrap_servers = 'x'", "[kafka] bootstrap_servers: expected host:port"),
        ("[windows\n", "cannot read the configuration: Expected ']'"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_file_setting_and_remedy(text, message):
    assert refusal(text).startswith(f"ringfence.toml: {message}")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RINGFENCE_POLICY__LEASE", "3", "RINGFENCE_POLICY__LEASE: unknown setting; did you mean RINGFENCE"),
        ("RINGFENCE_BOOTSTRAP_SERVERS", "b:1", "RINGFENCE_BOOTSTRAP_SERVERS: unknown setting"),
        ("RINGFENCE_POLICY", "{}", "RINGFENCE_POLICY: unknown setting"),
        ("RINGFENCE_SERVICE__PORT", "http", "RINGFENCE_SERVICE__PORT = 'http': expected a valid integer"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(name, value, message):
    assert refusal(**{name: value}).startswith(message)


def test_a_missing_file_is_named():
    with pytest.raises(UsageError, match=r"^no\.toml: cannot read the configuration: No such file"):
        load(Path("no.toml"))


def test_the_supervisors_own_variables_are_no_settings(monkeypatch):
    monkeypatch.setenv("RINGFENCE_STATUS_FD", "3")
    load()


def test_librdkafkas_names_pass_through_dotted_quoted_or_from_the_environment(monkeypatch):
    written('[kafka]\nsasl.username = "us"\n"sasl.mechanisms" = "PLAIN"\nsocket.keepalive.enable = true\n')
    monkeypatch.setenv("RINGFENCE_KAFKA__SASL__USERNAME", "them")
    monkeypatch.setenv("RINGFENCE_KAFKA__SECURITY__PROTOCOL", "SASL_PLAINTEXT")
    assert load().kafka.librdkafka() == {
        "bootstrap.servers": "127.0.0.1:9092",
        "sasl.username": "them",
        "sasl.mechanisms": "PLAIN",
        "security.protocol": "SASL_PLAINTEXT",
        "socket.keepalive.enable": "true",
    }


def test_a_secret_comes_from_its_file_and_never_shows(tmp_path):
    (tmp_path / "password").write_text("open sesame\n")
    written('[kafka]\nsasl.password_file = "password"\nssl.key.password = "hush"\n')
    settings = load()
    assert settings.kafka.librdkafka()["sasl.password"] == "open sesame"
    assert "sesame" not in repr(settings)
    assert "hush" not in repr(settings)


def test_a_secrets_file_that_is_not_there_is_named():
    written('[kafka]\nsasl.password_file = "nowhere"\n')
    with pytest.raises(UsageError, match=r"sasl\.password_file: cannot read nowhere"):
        load().kafka.librdkafka()


def test_plain_kafka_needs_no_credentials_in_faust():
    written('[kafka]\nbootstrap_servers = "a:1, b:2"\n')
    assert load().kafka.faust() == (["aiokafka://a:1", "aiokafka://b:2"], None)


def test_faust_gets_the_same_credentials():
    written(
        '[kafka]\nsecurity.protocol = "SASL_SSL"\nsasl.mechanisms = "SCRAM-SHA-512"\nsasl.username = "us"\n'
        'sasl.password = "pw"\nssl.endpoint.identification.algorithm = "none"\n'
    )
    _, credentials = load().kafka.faust()
    assert (credentials.username, credentials.password) == ("us", "pw")
    assert (credentials.protocol.value, credentials.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    assert credentials.ssl_context.verify_mode == ssl.CERT_REQUIRED
    assert not credentials.ssl_context.check_hostname


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('security.protocol = "SASL_PLAINTEXT"\nsasl.mechanisms = "GSSAPI"', "speaks PLAIN, SCRAM"),
        ('security.protocol = "SSL"\nssl.ca.location = "nowhere.pem"', "cannot use the certificates"),
    ],
)
def test_what_faust_cannot_do_is_said_at_once(text, message):
    written(f"[kafka]\n{text}\n")
    with pytest.raises(UsageError, match=message):
        load().kafka.faust()


def test_a_rule_may_be_lowered_alone():
    written('[policy.rules]\nzero_cost_route = "shadow"\n')
    policy = policy_of(load())
    assert [policy.mode_of(rule) for rule in ("zero_cost_route", "wangiri", "operator")] == [
        "shadow",
        "limit",
        "enforce",
    ]


@pytest.mark.parametrize("text", ["", "   ", "h", "10 parsecs", "-5 s", "1h-", "5 s min", "1..5s"])
def test_text_that_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="expected a duration"):
        seconds(text)


@given(
    st.integers(0, 10**6),
    st.sampled_from([("min", 60), (" h", 3600), ("d", 86_400), (" seconds", 1), ("", 1)]),
)
def test_a_number_with_a_unit_is_that_many_units(count, unit):
    assert seconds(f"{count}{unit[0]}") == count * unit[1]
