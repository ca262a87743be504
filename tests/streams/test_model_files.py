"""A model is read within its bounds and written whole; what is wrong with it is one line."""

import pytest

from models.forest.artifact import ModelError
from models.forest.manifest import ARRAYS_MAX, MANIFEST_MAX
from streams import model_files
from streams.errors import UsageError
from streams.model_files import MANIFEST, forest_at_start, load, read, write
from streams.settings import Settings
from tests.support.forests import artifact, loaded


@pytest.fixture
def directory(tmp_path):
    write(tmp_path / "models", artifact())
    return tmp_path / "models"


def test_what_is_written_is_read(directory):
    assert read(directory) == read(directory / MANIFEST) == artifact()
    assert load(directory).name == loaded().name


def test_the_arrays_of_another_model_stay_and_nothing_else_does(directory):
    write(directory, artifact(2))
    assert load(directory).name == loaded(2).name
    names = sorted(path.name for path in directory.iterdir())
    assert len(names) == 3
    assert names[-1] == MANIFEST


def test_a_manifest_that_is_not_there_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match=f"{MANIFEST}: cannot read it"):
        load(tmp_path)


def test_arrays_that_are_not_there_are_a_refusal(directory):
    next(directory.glob("*.npz")).unlink()
    with pytest.raises(ModelError, match="arrays: cannot read forest-"):
        load(directory)


@pytest.mark.parametrize(("pattern", "most"), [(MANIFEST, MANIFEST_MAX), ("*.npz", ARRAYS_MAX)])
def test_no_more_is_read_than_a_file_may_have(directory, pattern, most):
    path = next(directory.glob(pattern))
    with path.open("r+b") as file:
        file.truncate(most + 1)  # sparse: it takes no room
    with pytest.raises(ModelError, match=f"more than {most} bytes"):
        load(directory)


def test_a_service_without_a_model_has_no_forest():
    assert forest_at_start(Settings()) is None


def test_a_service_has_the_forest_that_its_settings_name(directory):
    assert forest_at_start(Settings(detection={"models": str(directory)})).name == loaded().name


def test_a_service_does_not_start_on_a_refused_model(directory):
    (directory / MANIFEST).write_bytes(b"{}")
    with pytest.raises(UsageError, match=r"\[detection\] models: .*forest\.json is refused: manifest: "):
        forest_at_start(Settings(detection={"models": str(directory)}))


def test_where_nothing_can_be_written_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="file: cannot write there"):
        model_files.write(tmp_path / "file", artifact())


def test_the_path_is_relative_to_the_configuration(tmp_path):
    from streams.settings import load as load_settings  # noqa: PLC0415 - its name is taken

    (tmp_path / "ringfence.toml").write_text('[detection]\nmodels = "forest"\n')
    assert load_settings(tmp_path / "ringfence.toml").detection.models == tmp_path / "forest"
