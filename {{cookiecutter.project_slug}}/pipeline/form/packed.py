"""models/serving.zip: form.json and the parts that it lists by hash; the same content gives the same bytes."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np

LARGEST = 2 * 2**30  # bytes, unpacked
SPEC = "form.json"
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(spec: dict[str, object], parts: dict[str, bytes]) -> bytes:
    """The zip file; its comment is the hash of form.json, which has the hashes of the other parts."""
    spec = {**spec, "parts": {name: _hash(content) for name, content in parts.items()}}
    text = json.dumps(spec, ensure_ascii=False, allow_nan=False, indent=1).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.comment = _hash(text).encode()
        for name, content in {SPEC: text, **parts}.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED, 6)
    return target.getvalue()


def unpack(path: Path) -> tuple[dict[str, object], dict[str, bytes]]:
    """form.json and the other parts; raises an error of zipfile or ValueError for a file that is not whole."""
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST:
            raise ValueError(f"it would be more than {LARGEST:,} bytes unpacked")
        parts = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment.decode()
    text = parts.pop(SPEC)
    spec = json.loads(text)
    if _hash(text) != comment or spec.pop("parts") != {name: _hash(content) for name, content in parts.items()}:
        raise ValueError("its parts were changed after it was written")
    return spec, parts


def array_bytes(array: np.ndarray) -> bytes:
    """An array as an .npy file without pickle."""
    target = io.BytesIO()
    np.lib.format.write_array(target, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return target.getvalue()


def array(content: bytes, dimensions: int) -> np.ndarray:
    """The numbers in an .npy file; raises ValueError for anything else."""
    found = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    if found.dtype not in (np.dtype("float64"), np.dtype("int64")) or found.ndim != dimensions:
        raise ValueError("a part does not have the expected numbers")
    return found


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
