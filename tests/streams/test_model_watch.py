"""A running role follows its model: a verified one is taken up, a refused one is named and changes nothing."""

import os

import pytest
import structlog

from streams import metrics
from streams.model_files import MANIFEST, forest_at_start, write
from streams.model_watch import LOOK_S, ModelWatch
from streams.settings import Settings
from tests.support.forests import artifact, loaded


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        self.now_s += LOOK_S
        return self.now_s


@pytest.fixture
def settings(tmp_path):
    write(tmp_path, artifact())
    return Settings(detection={"models": str(tmp_path)})


@pytest.fixture
def watch(settings):
    return ModelWatch(settings, forest_at_start(settings), Clock())


def looks(watch: ModelWatch, count: int = 3) -> list[str]:
    return [forest.name for _ in range(count) if (forest := watch.changed()) is not None]


def test_a_model_as_it_was_is_no_news(watch):
    assert looks(watch, 6) == []
    assert watch.remark == ""


def test_a_new_model_is_taken_up_once(watch, tmp_path):
    looks(watch)
    write(tmp_path, artifact(2))
    assert looks(watch, 6) == [loaded(2).name]
    assert watch.forest.name == loaded(2).name


def test_a_refused_model_is_named_once_and_the_last_good_one_stays(watch, tmp_path):
    looks(watch)
    (tmp_path / MANIFEST).write_bytes(artifact().manifest.replace(b'"version": 1', b'"version": 7', 1))
    with structlog.testing.capture_logs() as entries:
        assert looks(watch, 6) == []
    (entry,) = entries
    assert entry["log_level"] == "error"
    assert "version 7" in entry["reason"]
    assert loaded().name in entry["event"]
    assert (watch.remark, watch.forest.name) == (entry["reason"], loaded().name)
    assert metrics.MODEL_REFUSED._value.get() == 1


def test_a_model_that_is_mended_is_said(watch, tmp_path):
    looks(watch)
    (tmp_path / MANIFEST).write_bytes(b"{}")
    looks(watch)
    with structlog.testing.capture_logs() as entries:
        write(tmp_path, artifact())
        assert looks(watch) == []
    assert [entry["event"] for entry in entries] == ["the model is good again"]
    assert (watch.remark, metrics.MODEL_REFUSED._value.get()) == ("", 0)


def test_arrays_that_come_after_their_manifest_are_seen(watch, tmp_path):
    looks(watch)
    (tmp_path / MANIFEST).write_bytes(artifact(2).manifest)
    assert looks(watch) == []
    assert "cannot read forest-" in watch.remark
    write(tmp_path, artifact(2))
    os.utime(tmp_path / MANIFEST, (1_000_000, 1_000_000))
    assert looks(watch) == [loaded(2).name]


def test_a_role_that_had_no_good_model_takes_up_the_first(settings):
    assert looks(ModelWatch(settings, None, Clock())) == [loaded().name]


def test_a_model_that_goes_away_is_a_remark(watch, tmp_path):
    looks(watch)
    (tmp_path / MANIFEST).unlink()
    assert looks(watch) == []
    assert "cannot read" in watch.remark


def test_no_named_model_is_no_work():
    assert looks(ModelWatch(Settings(), None, Clock()), 5) == []
