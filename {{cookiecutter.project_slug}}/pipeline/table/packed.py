"""Files and compressed files as streams; a compressed one may become at most as long as an honest table would."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import pyarrow as pa

from pipeline.run.errors import InputError

BLOCK = 8 * 2**20  # bytes read at a time, and so the longest possible row
CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4", ".br": "brotli"}
LARGE, RATIO = 2**26, 100  # bytes that any content may have, and how many times longer than its file it may be


class Source(NamedTuple):
    """One table: the suffix that tells its format, and how to open it from its start."""

    suffix: str
    open: Callable[[], BinaryIO]


class _Bounded(io.RawIOBase):
    """A stream that raises InputError when it gets longer than `limit`."""

    def __init__(self, stream: Any, limit: int, path: Path) -> None:
        self.stream, self.left, self.path = stream, limit, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self.stream.read(len(buffer))
        self.left -= len(content)
        if self.left < 0:
            raise InputError(
                f"{self.path} becomes more than {RATIO} times longer when it is unpacked: unpack it first."
            )
        buffer[: len(content)] = content
        return len(content)


def source(path: Path) -> Source:
    """The table in a file, through its compression."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return _zipped(path)
    if suffix not in CODECS:
        return Source(suffix, lambda: open(path, "rb"))
    inner = path.with_suffix("").suffix.lower()
    return Source(
        inner or ".csv", lambda: _bounded(pa.CompressedInputStream(pa.OSFile(str(path)), CODECS[suffix]), path)
    )


def _bounded(stream: Any, path: Path) -> BinaryIO:
    limit = max(LARGE, RATIO * os.stat(path).st_size)  # noqa: PTH116
    return cast(BinaryIO, io.BufferedReader(_Bounded(stream, limit, path), 2**20))


def _zipped(path: Path) -> Source:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not _hidden(name)]
    if len(names) != 1:
        listed = ", ".join(sorted(names)[:5])
        raise InputError(f"{path} has {len(names)} files ({listed}): it must have one table; unpack it and choose one.")
    inner = Path(names[0])
    suffix = inner.with_suffix("").suffix if inner.suffix.lower() in CODECS else inner.suffix
    return Source(suffix.lower() or ".csv", lambda: _member(path, names[0]))


def _member(path: Path, name: str) -> BinaryIO:
    stream: Any = zipfile.ZipFile(path).open(name)  # noqa: SIM115
    if (inner := Path(name).suffix.lower()) in CODECS:
        stream = pa.CompressedInputStream(pa.PythonFile(_bounded(stream, path), "r"), CODECS[inner])
    return _bounded(stream, path)


def check_size(path: Path, content: BinaryIO) -> None:
    """Raise InputError for an archive, such as a workbook, whose parts would be too long."""
    with zipfile.ZipFile(content) as archive:
        long = sum(part.file_size for part in archive.infolist())
    if long > max(LARGE, RATIO * content.seek(0, io.SEEK_END)):
        raise InputError(f"{path} becomes more than {RATIO} times longer when it is unpacked: save it again.")
    content.seek(0)


def parts(path: Path) -> list[Path]:
    """The files of a folder in the order of their names; raises InputError unless they are of one kind."""
    inside = sorted(file for file in path.iterdir() if not _hidden(file.name))
    kinds = {"".join(suffix for suffix in file.suffixes[-2:] if not suffix[1:].isdigit()).lower() for file in inside}
    if folder := next((file for file in inside if file.is_dir()), None):
        raise InputError(
            f"{path} has the folder {folder.name} in it: it must have files alone, the parts of one table."
        )
    if len(kinds) != 1:
        found = f"files of the kinds {', '.join(sorted(kinds))}" if kinds else "no files"
        raise InputError(f"{path} has {found}: it must have parts of one kind, such as .csv.")
    return inside


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in Path(name).parts) or name.endswith(".crc")
