"""Tables of other formats are baked with their bytes, or refused before anything is made."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cookiecutter.environment import StrictEnvironment

from tests.conftest import SOURCE, TEMPLATE, Run
from tests.test_answers import assert_baked, assert_refused

TEXT = "price,kind\n" + "".join(f'"${i},{i:03}.50",{"ab"[i % 2]}\n' for i in range(1, 60))
HOOK = (TEMPLATE / "hooks" / "pre_gen_project.py").read_text("utf-8")


@pytest.fixture
def hook() -> dict[str, Any]:
    """The names that the pre-generation hook defines."""
    answers = {"task": "regression", "target": "price", "dataset": "table", "remote_url": "x"}
    names: dict[str, Any] = {"__name__": "hook"}
    exec(HOOK.replace("{{ cookiecutter | tojson }}", json.dumps(answers)), names)
    return names


@pytest.mark.parametrize(
    ("dataset", "raw"),
    [
        ("sample", "data/raw.csv"), ("a/B.TSV", "data/raw.csv"), ("a.csv.gz", "data/raw.csv.gz"),
        ("a.gz", "data/raw.csv.gz"),
        ("a.xlsx", "data/raw.xlsx"), ("my.table/parts/", "data/raw"), ("a.parquet/", "data/raw.parquet"),
        ("a.jsonl.zst", "data/raw.jsonl.zst"), ("a.csv.zip", "data/raw.zip"), ("v1.2", "data/raw"),
        ("https://example.com/get?table=1", "data/raw.csv"), ("https://example.com/a.PARQUET?v=1", "data/raw.parquet"),
    ],
)  # fmt: skip
def test_raw_table_keeps_its_format(dataset: str, raw: str) -> None:
    """The name under data/ has the format of the dataset, and Git ignores it, but not what DVC writes beside it."""
    expression = json.loads((TEMPLATE / "cookiecutter.json").read_text("utf-8"))["__raw"]
    template = StrictEnvironment(context={"cookiecutter": {}}).from_string(expression)
    assert template.render(cookiecutter={"dataset": dataset}) == raw
    command = ["git", "check-ignore", "--no-index", raw, f"{raw}.dvc"]
    assert subprocess.run(command, cwd=SOURCE, capture_output=True, text=True).stdout.split() == [raw]


def test_hook_and_project_agree(hook: dict[str, Any]) -> None:
    """The hook reads numbers, and names conversions, as the project does."""
    code = (
        "import json; from pipeline.table import formats, numbers, packed, read\n"
        "print(json.dumps([formats.CONVERT, [numbers.pattern(layout) for layout in numbers.MARKS], numbers.USUAL,"
        " read.EMPTY, read.INFINITE, packed.LARGE, packed.RATIO, list(packed.CODECS), formats.conversion('a b.dta')]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=SOURCE, capture_output=True, text=True, check=True)
    patterns = [hook["pattern"](layout) for layout in hook["MARKS"]]
    names = ("USUAL", "EMPTY", "INFINITE", "LARGE", "RATIO", "PACKED")
    own = [hook["CONVERT"], patterns, *(hook[name] for name in names), hook["conversion"]("a b.dta")]
    assert json.loads(run.stdout) == json.loads(json.dumps(own))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.dta", b"x", "convert it with `uv run --no-project --with pandas --with pyarrow python -c"),
        (
            "a.csv.gz",
            gzip.compress(b"price,kind\n" + (b"1," + b"x" * 60_000 + b"\n") * 1500),
            "times longer when unpacked",
        ),
        ("a.csv.gz", b"price,kind\n1,2\n", "is damaged"),
        ("a.zip", b"PK", "is damaged"),
        ("a.jsonl", b'{"price": 1, "kind": [2]}', "has lists or mappings in 'kind'"),
        ("a.jsonl", b'{"price": "much", "kind": 2}', "has 'much', regression needs numbers"),
        ("a.json", b"[1]", "must have records"),
        ("a.csv", b'price,kind\n"1.234,5",a\n"1,234.5",b\n', "has '1,234.5', regression needs numbers"),
    ],
)
def test_unusable_tables_are_refused(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    """Other formats, bombs, damaged files, cells with lists and numbers of two formats: one sentence, and no folder."""
    (tmp_path / name).write_bytes(content)
    assert_refused(tmp_path, message, dataset=name, target="price", task="regression")


def test_nested_parquet_is_refused_without_pyarrow(hook: dict[str, Any], tmp_path: Path) -> None:
    """Where cookiecutter's environment has no pyarrow, uv supplies it."""
    pq.write_table(pa.table({"price": [1.5, 2.5], "kind": [{"a": 1}, {"a": 2}]}), tmp_path / "a.parquet")
    assert_refused(tmp_path, "has struct<a: int64> in 'kind'", dataset="a.parquet", target="price", task="regression")
    hook["find_spec"] = lambda _: None
    with pytest.raises(hook["Refused"], match="struct<a: int64> in 'kind'"):
        hook["check_file"](tmp_path / "a.parquet")


def test_folder_of_parts_is_copied(tmp_path: Path) -> None:
    """The parts keep their names and bytes; a part with other columns is refused."""
    parts = tmp_path / "parts"
    parts.mkdir()
    for number in range(2):
        (parts / f"part-{number}.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    project = assert_baked(tmp_path, dataset="parts", target="price", task="regression")
    assert (project / "data" / "raw" / "part-1.csv.gz").read_bytes() == (parts / "part-1.csv.gz").read_bytes()
    assert "pipeline.validate data/raw data/schema.yaml" in (project / "dvc.yaml").read_text("utf-8")
    (parts / "part-1.csv.gz").write_bytes(gzip.compress(b"other,price\n1,2\n"))
    (tmp_path / "again" / "home").mkdir(parents=True)
    assert_refused(tmp_path / "again", "other columns in part-1.csv.gz", dataset=str(parts), target="price")


@pytest.mark.slow
def test_folder_is_tracked_and_reproduced(bake: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    """A folder of parts is under DVC, Git is clean, and the pipeline reads it; the bake ends with describe's lines."""
    (tmp_path / "parts").mkdir()
    for number in range(2):
        (tmp_path / "parts" / f"{number}.csv").write_text(TEXT, "utf-8")
    project = bake(tmp_path, dataset=str(tmp_path / "parts"), target="kind")
    assert run("git", "status", "--porcelain", cwd=project).stdout == ""
    assert run("dvc", "status", "data/raw.dvc", cwd=project).stdout.strip().endswith("up to date.")
    run("dvc", "repro", "prepare", cwd=project)
    columns = (project / "data" / "schema.yaml").read_text("utf-8")
    assert "format: 1,234.50" in columns
