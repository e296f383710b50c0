"""The model as a file that runs no code when it is loaded, with the same bytes for the same model.

skops names the parts of its archive by memory addresses and stamps them with the time: `canonical` takes both out.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import sklearn
import skops.io
from sklearn.pipeline import Pipeline

from pipeline.stage import Refused

TRUSTED = {  # what our models hold beyond skops' own list; a new kind of model may need its types added here
    "functools.partial",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
}
EPOCH = (1980, 1, 1, 0, 0, 0)


def save(model: Pipeline, path: str) -> None:
    """Write `model` with the version of scikit-learn that fitted it as the archive's comment."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(canonical(skops.io.dumps(model)))


def load(path: str) -> Pipeline:
    """The model in `path`; raises Refused for another scikit-learn's model or types that TRUSTED does not declare."""
    try:
        with zipfile.ZipFile(path) as archive:
            written_by = archive.comment.decode()
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - TRUSTED)
    except (zipfile.BadZipFile, KeyError):
        raise Refused(f"{path} is no model file: run `dvc repro`, or `dvc pull`.") from None
    if written_by != f"scikit-learn {sklearn.__version__}":
        raise Refused(
            f"{path} was written by {written_by or 'another program'}, here is {sklearn.__version__}: `uv sync`."
        )
    if unknown:
        raise Refused(f"{path} holds types that pipeline/model_file.py does not declare: {', '.join(unknown)}.")
    return skops.io.load(path, trusted=sorted(TRUSTED))


def canonical(dump: bytes) -> bytes:
    """The same skops archive with ids counted from 0, parts named by them, fixed times and one thread count."""
    source = zipfile.ZipFile(io.BytesIO(dump))
    ids: dict[int, int] = {}
    files: dict[str, str] = {}
    schema = _renumbered(json.loads(source.read("schema.json")), ids, files)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.comment = f"scikit-learn {sklearn.__version__}".encode()
        for old, new in files.items():
            archive.writestr(zipfile.ZipInfo(new, EPOCH), source.read(old), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("schema.json", EPOCH), json.dumps(schema), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _renumbered(node: Any, ids: dict[int, int], files: dict[str, str]) -> Any:
    """`node` with every id and file name replaced by the order of its first appearance; fills `ids` and `files`."""
    if isinstance(node, list):
        return [_renumbered(item, ids, files) for item in node]
    if not isinstance(node, dict):
        return node
    fresh = {}
    for key, value in node.items():
        if key == "__id__":
            value = ids.setdefault(value, len(ids))
        elif key == "file" and isinstance(value, str):
            value = files.setdefault(value, f"{len(files)}{Path(value).suffix}")
        elif key == "n_threads":  # how many cores the machine that fitted it had
            value = {
                "__class__": "str",
                "__module__": "builtins",
                "__loader__": "JsonNode",
                "content": "1",
                "is_json": True,
            }
        else:
            value = _renumbered(value, ids, files)
        fresh[key] = value
    return fresh
