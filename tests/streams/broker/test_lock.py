"""The lock of Kafka's jars is read strictly, and the one we ship is whole."""

import pytest

from streams.broker.lock import Jar, parse, pinned

SHA = "a" * 64


def test_blank_lines_and_comments_say_nothing() -> None:
    assert parse(f"# about\n\ng:a:1 {SHA} 5\n") == (Jar("g:a:1", SHA, 5),)


def test_a_jar_written_as_a_line_reads_back() -> None:
    jar = Jar("org.x:y_2.13:4.3.1", SHA, 17)
    assert parse(jar.line()) == (jar,)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "jars.lock: no jar is pinned"),
        (f"g:a:1 {SHA}", "jars.lock:1: 2 fields"),
        (f"g:a {SHA} 5", "jars.lock:1: 'g:a' is no group"),
        (f"g:../a:1 {SHA} 5", "is no group"),
        (f"#\ng:a:1 {SHA[1:]} 5", "jars.lock:2: 'a+' is no SHA-256"),
        (f"g:a:1 {SHA.upper()} 5", "is no SHA-256"),
        (f"g:a:1 {SHA} -5", "'-5' is no size"),
        (f"g:a:1 {SHA} ٣", "is no size"),
        (f"g:a:1 {SHA} 5\nh:a:1 {SHA} 6", "jars.lock:2: a-1.jar is pinned twice"),
    ],
)
def test_a_broken_lock_is_refused_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)


def test_the_shipped_lock_pins_all_of_kafka() -> None:
    names = {jar.filename for jar in pinned()}
    assert {"kafka_2.13-4.3.1.jar", "kafka-clients-4.3.1.jar", "log4j-slf4j-impl-2.25.4.jar"} <= names
    assert len(names) == 46
    assert 40e6 < sum(jar.size for jar in pinned()) < 60e6
