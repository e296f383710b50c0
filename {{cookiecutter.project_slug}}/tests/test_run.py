"""The environment of a stage: validated parameters, monitored inputs, and hashes that match DVC."""

import hashlib
import json
from pathlib import Path

import pytest
from pydantic import Field

from pipeline.run.errors import InputError
from pipeline.run.inputs import digest, edited_since_start
from pipeline.run.settings import Block, params


class Example(Block):
    """A block of settings."""

    leak: float = Field(gt=0, le=1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("leek: 0.9", "leek is unknown.*allowed here: leak"),
        ("leak: high", "leak: Input should be a valid number"),
        ("leak: '0.9'", "leak: Input should be a valid number, not '0.9'"),
        ("leak: 2", "leak: Input should be less than or equal to 1"),
    ],
)
def test_invalid_parameters_are_reported(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt, mistyped or invalid parameter is reported with its block and the allowed values."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("validate:\n  " + line)
    with pytest.raises(InputError, match=f"block validate.*{message}"):
        params("validate", Example)
    with pytest.raises(InputError, match="no block 'train': it has validate"):
        params("train", Example)


def test_input_edited_after_start_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An input saved after the process started is detected, also in a folder."""
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text("stages: {train: {deps: [code.py, folder]}}")
    Path("folder").mkdir()
    for name in ("code.py", "folder/more.py"):
        Path(name).write_text("")
    monkeypatch.setattr("pipeline.STARTED", Path("folder/more.py").stat().st_mtime_ns)
    assert edited_since_start("train") == []
    monkeypatch.setattr("pipeline.STARTED", Path("folder/more.py").stat().st_mtime_ns - 1)
    assert "folder/more.py" in edited_since_start("train")


def test_folder_hash_matches_dvc(tmp_path: Path) -> None:
    """A folder's hash is that of its file list, without Python's caches."""
    (tmp_path / "b" / "__pycache__").mkdir(parents=True)
    for name in ("a.py", "b/c.py", "b/__pycache__/c.pyc"):
        (tmp_path / name).write_text(name)
    listing = [{"md5": hashlib.md5(name.encode()).hexdigest(), "relpath": name} for name in ("a.py", "b/c.py")]
    expected = hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"
    assert digest(str(tmp_path)) == expected
