"""Makes the bytes of a skops archive depend on the model alone.

skops names the parts of its archive by memory addresses and stamps them with the time; both are replaced.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

LARGEST, LARGEST_JSON = 2 * 2**30, 64 * 2**20  # bytes, unpacked
EPOCH = (1980, 1, 1, 0, 0, 0)
ONE_THREAD = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "1", "is_json": True}


def unpacked(path: str | Path) -> zipfile.ZipFile:
    """The opened archive; raises ValueError if its parts are larger than a model can be, as in a zip bomb."""
    archive = zipfile.ZipFile(path)
    for limit, parts in ((LARGEST, archive.infolist()), (LARGEST_JSON, [archive.getinfo("schema.json")])):
        if (size := sum(part.file_size for part in parts)) > limit:
            archive.close()
            raise ValueError(f"its parts would be {size:,} bytes unpacked, more than the {limit:,} of a model")
    return archive


def canonical(dump: bytes, comment: str) -> bytes:
    """The same archive with ids counted from 0, parts named by them, fixed times, and one thread count."""
    source = zipfile.ZipFile(io.BytesIO(dump))
    ids: dict[int, int] = {}
    names: dict[str, str] = {}
    schema = _renumbered(json.loads(source.read("schema.json")), ids, names)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.comment = comment.encode()
        for old, new in names.items():
            archive.writestr(zipfile.ZipInfo(new, EPOCH), source.read(old), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("schema.json", EPOCH), json.dumps(schema), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _renumbered(node: Any, ids: dict[int, int], names: dict[str, str]) -> Any:
    """`node` with every id and file name replaced by the order of its first appearance; fills `ids` and `names`."""
    if isinstance(node, list):
        return [_renumbered(item, ids, names) for item in node]
    if not isinstance(node, dict):
        return node
    renumbered = {}
    for key, value in node.items():
        if key == "__id__":
            value = ids.setdefault(value, len(ids))
        elif key == "file" and isinstance(value, str):
            value = names.setdefault(value, f"{len(names)}{Path(value).suffix}")
        elif key == "n_threads":  # the number of cores of the machine that fitted the model
            value = ONE_THREAD
        else:
            value = _renumbered(value, ids, names)
        renumbered[key] = value
    return renumbered
