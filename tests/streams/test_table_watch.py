"""A running role follows the operator's files: good ones are taken up, broken ones are named and change nothing."""

import os

import pytest
import structlog

from models.tables import ShortCode
from streams import metrics
from streams.errors import UsageError
from streams.settings import Settings
from streams.table_watch import KEPT, LOOK_S, SURE_S, TableWatch, tables_at_start
from streams.tables import load_tables

GOOD = "code,name\n333,voicemail\n"


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        self.now_s += LOOK_S
        return self.now_s


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "short.csv"
    write(path, GOOD, 0)
    return path


@pytest.fixture
def watch(file):
    settings = Settings(network={"short_codes": str(file)})
    return TableWatch(settings, load_tables(settings), Clock())


def write(path, text: str, age: int) -> None:
    """Write a file whose time stamp is long ago, `age` seconds after the first."""
    path.write_text(text)
    os.utime(path, (1_000_000 + age, 1_000_000 + age))


def looks(watch: TableWatch, count: int = 3) -> list:
    return [tables for _ in range(count) if (tables := watch.changed()) is not None]


def test_files_as_they_were_are_no_news(watch):
    assert looks(watch, 10) == []


def test_a_changed_file_is_taken_up_once(watch, file):
    looks(watch)
    write(file, GOOD + "555,customer care\n", 1)
    (new,) = looks(watch, 6)
    assert new.short_codes == (ShortCode("333", "voicemail"), ShortCode("555", "customer care"))
    assert watch.tables == new


def test_a_file_that_changes_between_the_start_and_the_first_look_is_seen(watch, file):
    write(file, GOOD + "555,\n", 1)
    assert len(looks(watch)) == 1


def test_a_file_is_read_when_it_has_rested(watch, file):
    looks(watch)
    for size in range(1, 6):
        write(file, GOOD + "".join(f"{500 + n},\n" for n in range(size)), size)
        assert watch.changed() is None
    (new,) = looks(watch)
    assert len(new.short_codes) == 6


def test_a_broken_row_is_named_once_and_the_last_good_table_stays(watch, file):
    looks(watch)
    with structlog.testing.capture_logs() as entries:
        write(file, GOOD + "33x,\n", 1)
        assert looks(watch, 6) == []
    (entry,) = entries
    assert entry["log_level"] == "error"
    assert str(file) in entry["reason"]
    assert "3" in entry["reason"].partition(str(file))[2]
    assert "code" in entry["reason"]
    assert watch.remark == entry["reason"]
    assert watch.tables.short_codes == (ShortCode("333", "voicemail"),)
    assert metrics.TABLES_BROKEN._value.get() == 1


def test_a_file_that_is_mended_is_said_and_taken_up(watch, file):
    looks(watch)
    write(file, "code\n?\n", 1)
    looks(watch)
    with structlog.testing.capture_logs() as entries:
        write(file, "code\n444\n", 2)
        (new,) = looks(watch)
    assert [entry["event"] for entry in entries] == ["the tables are good again", "tables taken up"]
    assert new.short_codes == (ShortCode("444"),)
    assert (watch.remark, metrics.TABLES_BROKEN._value.get()) == ("", 0)


def test_a_file_that_is_put_back_as_it_was_is_good_again_and_no_news(watch, file):
    looks(watch)
    write(file, "code\n?\n", 1)
    looks(watch)
    write(file, GOOD, 2)
    assert looks(watch) == []
    assert watch.remark == ""


def test_a_file_that_is_gone_is_a_remark(watch, file):
    looks(watch)
    file.unlink()
    assert looks(watch) == []
    assert "cannot read" in watch.remark


def test_a_change_that_leaves_the_time_stamp_is_seen_while_that_is_new(watch, file, monkeypatch):
    monkeypatch.setattr("streams.table_watch.time.time", lambda: 1_000_000 + SURE_S / 2)
    monkeypatch.setattr("streams.table_watch._stamp", lambda path: (1_000_000 * 10**9, 0, 0, 0))
    looks(watch)
    file.write_text(GOOD + "555,\n")
    assert len(looks(watch)) == 1


def test_a_role_that_starts_anew_has_the_last_good_tables_of_its_service(watch, file, tmp_path, monkeypatch):
    monkeypatch.setenv(KEPT, str(tmp_path / "kept"))
    settings = Settings(network={"short_codes": str(file)})
    good = tables_at_start(settings)
    write(file, GOOD + "555,\n", 1)
    looks(watch)
    (newest,) = {watch.tables} - {good}
    write(file, "code\n?\n", 2)
    assert tables_at_start(settings) == newest
    again = TableWatch(settings, newest, Clock())
    looks(again)
    assert "short.csv" in again.remark
    assert tables_at_start(Settings()) == load_tables(Settings())


def test_without_a_service_a_broken_table_is_an_error(file, tmp_path):
    write(file, "code\n?\n", 1)
    for environ in ({}, {KEPT: str(tmp_path / "nothing-kept")}):
        with pytest.raises(UsageError, match=r"short\.csv"):
            tables_at_start(Settings(network={"short_codes": str(file)}), environ)


def test_no_named_table_is_no_work():
    assert looks(TableWatch(Settings(), load_tables(Settings()), Clock()), 5) == []
