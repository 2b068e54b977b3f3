import json
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.modelfile import ModelManifest, check_features, read_model_folder, write_model_folder

AGE, CITY = Feature(name="age", kind="numeric"), Feature(name="city", kind="category")
MANIFEST = ModelManifest(features=(AGE, CITY), facts={"seed": "7"})
PARTS = {"risk.json": b'{"a": 1}', "uplift.txt": b"tree" * 50}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_model_folder(tmp_path / "models", PARTS, MANIFEST)
    return tmp_path / "models"


def test_a_folder_that_was_written_reads_back_the_same(folder: Path) -> None:
    read = read_model_folder(folder)
    assert dict(read.parts) == PARTS
    assert read.manifest == MANIFEST


def test_an_older_folder_is_replaced_whole_and_nothing_is_left_beside_it(folder: Path) -> None:
    write_model_folder(folder, {"other.json": b"{}"}, MANIFEST)
    assert set(read_model_folder(folder).parts) == {"other.json"}
    assert [path.name for path in folder.parent.iterdir()] == ["models"]


def test_a_half_written_folder_of_a_killed_run_does_not_stand_in_the_way(folder: Path) -> None:
    (folder.parent / ".models.new").mkdir()
    (folder.parent / ".models.new" / "risk.json").write_bytes(b"half")
    write_model_folder(folder, PARTS, MANIFEST)
    assert dict(read_model_folder(folder).parts) == PARTS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_flipped_bit_in_any_file_is_noticed(folder: Path, data: st.DataObject) -> None:
    path = folder / data.draw(st.sampled_from(["manifest.json", *PARTS]))
    intact = path.read_bytes()
    at, bit = data.draw(st.integers(0, len(intact) - 1)), data.draw(st.integers(0, 7))
    path.write_bytes(intact[:at] + bytes([intact[at] ^ (1 << bit)]) + intact[at + 1 :])
    try:
        _unchanged_or_refused(folder)
    finally:
        path.write_bytes(intact)


def _unchanged_or_refused(folder: Path) -> None:
    """White space between JSON tokens may change without changing what is said; everything else is refused."""
    try:
        read = read_model_folder(folder)
    except BadInput:
        return
    assert read.manifest == MANIFEST
    assert dict(read.parts) == PARTS


@pytest.mark.parametrize("name", ["manifest.json", "risk.json"])
def test_a_truncated_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    with pytest.raises(BadInput):
        read_model_folder(folder)


@pytest.mark.parametrize("name", ["manifest.json", "risk.json"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadInput, match=f"lacks {name}"):
        read_model_folder(folder)


def test_a_file_too_many_is_refused_even_a_pickle_nobody_would_load(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(pickle.dumps("boo"))
    with pytest.raises(BadInput, match=r"holds 'model.pkl', which its manifest does not list"):
        read_model_folder(folder)


def test_a_swapped_part_of_the_same_length_is_refused(folder: Path) -> None:
    (folder / "risk.json").write_bytes(b'{"a": 2}')
    with pytest.raises(BadInput, match=r"risk.json is damaged or was changed"):
        read_model_folder(folder)


def test_a_link_to_a_file_elsewhere_is_refused(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_bytes(PARTS["risk.json"])
    (folder / "risk.json").unlink()
    (folder / "risk.json").symlink_to(outside)
    with pytest.raises(BadInput, match=r"lacks risk.json as a plain file"):
        read_model_folder(folder)


@pytest.mark.parametrize("name", ["../risk.json", "/etc/passwd", "a/b", "", ".hidden", "manifest.json", "Risk.json"])
def test_a_part_name_that_leaves_the_folder_is_neither_written_nor_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="not a plain lower-case file name"):
        write_model_folder(tmp_path / "models", {name: b"x"}, MANIFEST)
    assert not (tmp_path / "models").exists()


def test_a_manifest_that_points_outside_is_refused_although_its_seal_is_right(folder: Path) -> None:
    from acquire.modelfile import _seal

    content = json.loads((folder / "manifest.json").read_text())
    content["parts"]["../outside"] = content["parts"].pop("risk.json")
    content["seal"] = _seal(content)
    (folder / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(BadInput, match=r"'\.\./outside' is not a plain lower-case file name"):
        read_model_folder(folder)


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"format": 99}', "[" * 100_000, "\udcff"])
def test_a_manifest_of_another_format_or_none_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadInput, match=r"format|JSON"):
        read_model_folder(folder)


def test_what_is_not_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        read_model_folder(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ((CITY, AGE), "another order"),
        ((AGE,), "fitted on city"),
        ((AGE, CITY, Feature(name="new", kind="numeric")), "not fitted on new"),
        ((Feature(name="age", kind="category"), CITY), r"fitted on age \(numeric\)"),
    ],
)
def test_features_that_are_not_the_models_own_are_refused(features: tuple[Feature, ...], message: str) -> None:
    check_features(MANIFEST, (AGE, CITY))
    with pytest.raises(BadInput, match=message):
        check_features(MANIFEST, features)
