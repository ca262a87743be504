"""A model comes back as it was, from the same bytes; whatever does not match is refused in one line that names it."""

import io
import zipfile
from contextlib import suppress

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.forest import arrays_file
from models.forest.arrays_file import ArraysError, Shape
from models.forest.artifact import Artifact, ModelError, packed, unpacked
from models.forest.manifest import ARRAYS_MAX, MANIFEST_MAX, NODES_MAX
from models.forest.model import trained
from models.forest.sampling import Sampler
from models.forest.trees import LEAF
from models.kinds import Kind
from tests.support.forests import TREES, artifact, changed, models
from tests.support.moments import moments


def test_what_is_packed_comes_back():
    found = unpacked(artifact())
    for model in models():
        back = found.trees[model.entity]
        assert back.sample == model.trees.sample
        for name in ("root", "feature", "threshold", "left", "path"):
            assert (getattr(back, name) == getattr(model.trees, name)).all()
    assert [entry.kind for entry in found.manifest.models] == ["route", "caller", "called"]


def test_numpy_reads_the_arrays_without_pickle():
    with np.load(io.BytesIO(artifact().arrays), allow_pickle=False) as found:
        assert (found["caller.path"] == models()[1].trees.path).all()


def test_the_same_input_and_seed_give_the_same_bytes():
    def once(seed: int) -> Artifact:
        sampler = Sampler(seed)
        sampler.take(moments(Kind.CALLER, 800))
        return packed([trained("caller", sampler.pools["caller"], seed, 10.0, TREES)], seed)

    assert once(3) == once(3)
    assert once(3).arrays != once(4).arrays


def test_nothing_in_the_zip_says_when_it_was_made():
    with zipfile.ZipFile(io.BytesIO(artifact().arrays)) as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def entry(told, **changes):
    """Change the entry of callers."""
    told["models"][1].update(changes)


def features(told, nth, **changes):
    told["models"][1]["features"][nth].update(changes)


def golden(told, **changes):
    told["models"][1]["golden"][0].update(changes)


MANIFESTS = {
    "format": (lambda told: told.update(format=2), "format 2, this version reads 1"),
    "a field that is missing": (lambda told: told.pop("seed"), "`seed`"),
    "a field that nobody knows": (lambda told: told.update(note="?"), "`note`"),
    "the hash": (lambda told: told["arrays"].update(sha256="0" * 64), "arrays: sha256"),
    "the size": (lambda told: told["arrays"].update(bytes=7), "arrays: sha256"),
    "a size out of bounds": (lambda told: told["arrays"].update(bytes=ARRAYS_MAX + 1), "$.arrays.bytes"),
    "a file elsewhere": (lambda told: told["arrays"].update(file="../forest-0123456789abcdef.npz"), "$.arrays.file"),
    "a kind": (lambda told: entry(told, kind="trunk"), "$.models[1].kind"),
    "two of one kind": (lambda told: entry(told, kind="called"), "two models of one kind"),
    "no model": (lambda told: told.update(models=[]), "$.models"),
    "a feature's name": (lambda told: features(told, 2, name="rise_2h"), "caller: feature 'rise_2h' version 1 where"),
    "a feature's version": (lambda told: features(told, 0, version=2), "caller: feature 'attempts_1h' version 2 where"),
    "a feature less": (lambda told: told["models"][1]["features"].pop(), "caller: 11 features, this version has 12"),
    "more nodes": (lambda told: entry(told, nodes=7), "array caller.feature"),
    "nodes out of bounds": (lambda told: entry(told, nodes=NODES_MAX + 1), "$.models[1].nodes"),
    "other trees": (lambda told: entry(told, trees=TREES + 1), "array caller.root"),
    "another sample": (lambda told: entry(told, sample=200), "caller: golden rows: a score is off by"),
    "a sample of one": (lambda told: entry(told, sample=1), "$.models[1].sample"),
    "a threshold": (lambda told: told["models"][1]["chosen"].update(threshold=-0.5), "chosen.threshold"),
    "a curve that rises": (lambda told: told["models"][1]["curve"].reverse(), "caller: threshold curve"),
    "a golden score": (lambda told: golden(told, score=0.4), "caller: golden rows: a score is off by"),
    "a golden row": (lambda told: golden(told, row=[1.0]), "caller: golden rows: not as many"),
    "a golden number": (lambda told: golden(told, row=[1e300] * 12), "caller: golden rows: a number is out of range"),
    "no golden rows": (lambda told: entry(told, golden=[]), "$.models[1].golden"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_does_not_match_is_refused(name):
    change, said = MANIFESTS[name]
    refused(changed(manifest=change), said)


def refused(made: Artifact, said: str) -> None:
    with pytest.raises(ModelError) as error:
        unpacked(made)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def put(name, at, value):
    """Set one number of an array of callers."""

    def change(columns):
        columns[f"caller.{name}"][at] = value

    return change


INNER = int(np.flatnonzero(models()[1].trees.left != LEAF)[1])
LAST = int(np.flatnonzero(models()[1].trees.left != LEAF)[-1])
ENDS = int(np.flatnonzero(models()[1].trees.left == LEAF)[0])
SECOND = int(models()[1].trees.root[1])
ARRAYS = {
    "a node that leads to itself": (put("left", INNER, INNER), "a node leads back"),
    "a cycle": (put("left", INNER, 0), "a node leads back"),
    "a link below zero": (put("left", INNER, -7), "a node leads back"),
    "a link out of range": (put("left", LAST, 1 << 30), "or out of its tree"),
    "a link into another tree": (put("left", 0, SECOND), "or out of its tree"),
    "two parents": (put("left", 0, 3), "a node has two parents or none"),
    "a leaf that is none": (put("left", ENDS, ENDS + 1), "trees: a node"),
    "roots out of order": (put("root", 2, 0), "roots out of order"),
    "a root out of range": (put("root", TREES - 1, 1 << 30), "roots out of order"),
    "a first root elsewhere": (put("root", 0, 1), "roots out of order"),
    "a feature out of range": (put("feature", INNER, 12), "compares a feature that is not there"),
    "a feature below zero": (put("feature", INNER, -2), "compares a feature that is not there"),
    "a leaf that compares": (put("feature", ENDS, 0), "compares a feature that is not there"),
    "a threshold that is no number": (put("threshold", INNER, np.nan), "a threshold is not finite"),
    "a threshold without end": (put("threshold", INNER, np.inf), "a threshold is not finite"),
    "a path that is no number": (put("path", ENDS, np.nan), "a path length is not finite"),
    "a path below zero": (put("path", ENDS, -1.0), "a path length is not finite"),
    "other paths": (lambda columns: columns["caller.path"].__iadd__(0.01), "a score is off by"),
    "another dtype": (
        lambda columns: columns.update({"caller.root": columns["caller.root"].astype("<i8")}),
        "caller.root",
    ),
    "another dtype of the same size": (
        lambda columns: columns.update({"caller.root": columns["caller.root"].astype("<u4")}),
        f"array caller.root: its header does not say {TREES} numbers of <i4",
    ),
    "objects": (lambda columns: columns.update({"caller.root": np.array([None] * TREES)}), "caller.root"),
    "an array less": (lambda columns: columns.pop("called.path"), "other arrays than the manifest's"),
    "an array more": (lambda columns: columns.update(more=np.zeros(1)), "other arrays than the manifest's"),
    "another order": (lambda columns: columns.update(a=columns.pop("route.root")), "other arrays than the manifest's"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_do_not_match_are_refused(name):
    change, said = ARRAYS[name]
    refused(changed(arrays=change), said)


def test_arrays_that_were_not_changed_by_the_one_who_mends_the_hash_are_good():
    assert unpacked(changed()).trees.keys() == {"route", "caller", "called"}


def test_a_changed_byte_of_the_arrays_is_refused():
    data = bytearray(artifact().arrays)
    data[len(data) // 2] ^= 1
    refused(Artifact(artifact().manifest, bytes(data)), "arrays: sha256")


def test_a_manifest_that_is_too_large_is_refused():
    refused(Artifact(b" " * (MANIFEST_MAX + 1), b""), f"more than {MANIFEST_MAX} bytes")


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode) | st.just(b"[" * 100_000))
def test_any_bytes_are_no_manifest(data):
    with pytest.raises(ModelError):
        unpacked(Artifact(data, artifact().arrays))


WANTED = {"a": Shape("<i4", 3), "b": Shape("<f8", 2)}
GOOD = arrays_file.written({"a": np.arange(3, dtype="<i4"), "b": np.ones(2)})


@given(st.binary(max_size=400))
def test_any_bytes_are_no_arrays(data):
    with pytest.raises(ArraysError):
        arrays_file.read(data, WANTED)


@settings(max_examples=300)
@given(at=st.integers(0, len(GOOD) - 1), value=st.integers(0, 255), cut=st.integers(0, 50))
def test_arrays_with_a_byte_changed_are_refused_or_are_of_the_same_shape(at, value, cut):
    data = bytearray(GOOD[: len(GOOD) - cut])
    if at < len(data):
        data[at] = value
    with suppress(ArraysError):
        found = arrays_file.read(bytes(data), WANTED)
        assert {name: Shape(array.dtype.str, len(array)) for name, array in found.items()} == WANTED


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_compressed_member_is_refused_however_small_it_is(method):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as file, zipfile.ZipFile(io.BytesIO(GOOD)) as good:
        for name in good.namelist():
            file.writestr(name, good.read(name))
    with pytest.raises(ArraysError, match="array a"):
        arrays_file.read(whole.getvalue(), WANTED)


@given(st.data())
def test_a_manifest_with_any_value_anywhere_is_refused_or_names_the_same_trees(data):
    told = msgspec.json.decode(artifact().manifest)
    place, key = told, data.draw(st.sampled_from(sorted(told)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just([])
    )
    with suppress(ModelError):
        found = unpacked(Artifact(msgspec.json.encode(told), artifact().arrays))
        assert found.trees.keys() == {"route", "caller", "called"}
