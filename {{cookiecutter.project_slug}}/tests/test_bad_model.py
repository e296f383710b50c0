"""A file that is not a model is refused in one sentence when it is loaded, before it fills the memory."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from pipeline.archive import model_file
from pipeline.run.errors import InputError


@pytest.mark.parametrize("content", [b"{", b"{}", b"[]", b"null", b"[" * 9000, b'{"__class__": 1}', None])
@pytest.mark.parametrize("comment", [b"scikit-learn 1", b"\xff"])
def test_wrong_model_is_refused(content: bytes | None, comment: bytes, tmp_path: Path) -> None:
    """An archive without a model, or with a comment that is not text, is refused."""
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.comment = comment
        if content is not None:
            archive.writestr("schema.json", content)
    with pytest.raises(InputError, match=r"model.skops [^\n]*$"):
        model_file.load(str(tmp_path / "model.skops"))


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    """An archive of 100 kB that would be 100 MB of JSON is refused before it is unpacked."""
    with zipfile.ZipFile(tmp_path / "model.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 100_000_000)
    with pytest.raises(InputError, match="its parts would be 100,000,000 bytes unpacked"):
        model_file.load(str(tmp_path / "model.skops"))


@pytest.mark.parametrize("child", [0, 9999])
def test_tree_without_end_is_refused(child: int, tmp_path: Path) -> None:
    """Boosted trees whose nodes lead back, or out of the tree, would hang or crash the process: they are refused."""
    rows = pd.DataFrame({"size": np.arange(60.0)})
    model = make_pipeline(HistGradientBoostingRegressor(max_iter=3)).fit(rows, rows["size"] % 7)
    next(t for trees in model[-1]._predictors for t in trees if len(t.nodes) > 1).nodes["left"][0] = child
    model_file.save(model, str(tmp_path / "model.skops"))
    with pytest.raises(InputError, match="nodes that are not in it"):
        model_file.load(str(tmp_path / "model.skops"))
