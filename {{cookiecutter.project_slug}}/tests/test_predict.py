"""A table of any length is predicted in parts: with the same result, all or nothing, and logged."""

import json
from pathlib import Path

import pandas as pd
import pytest

from pipeline.archive.predictions import predict
from pipeline.batch import score as batch
from pipeline.batch import stream
from pipeline.batch.prediction_log import read_log
from pipeline.contract.schema import Contract
from pipeline.evaluation.golden import golden_rows, typed_rows
from pipeline.predict import predict_table
from pipeline.run.errors import InputError
from pipeline.table.read import read
from pipeline.table.types import typed
from tests.conftest import Case, small_table


@pytest.fixture
def new(contract: Contract, tmp_path: Path) -> Path:
    """A CSV file of 100 rows without the target."""
    small_table(contract).to_pandas().drop(columns=contract.target).head(100).to_csv(tmp_path / "new.csv", index=False)
    return tmp_path / "new.csv"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_parts_give_what_the_whole_table_gives(
    case: Case, new: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven rows at a time, in the same order, from and to CSV and Parquet."""
    rows, out = new, new.with_name(f"out{suffix}")
    if suffix == ".parquet":
        rows = new.with_suffix(suffix)
        read(str(new)).to_pandas().to_parquet(rows)
    data, _ = typed(read(str(new)), case.contract.model_copy(update={"columns": case.contract.features}))
    expected = predict(case.model, data, case.contract)
    monkeypatch.setattr(stream, "ROWS", 7)
    parts: list[int] = []

    def record(part: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
        parts.append(len(part))
        return predictions

    assert predict_table(str(rows), str(out), case.model, case.contract, "the contract", record) == 100
    assert parts == [7] * 14 + [2]
    written = pd.read_parquet(out) if suffix == ".parquet" else pd.read_csv(out, dtype={"predicted": "str"})
    written["predicted"] = written["predicted"].astype(expected["predicted"].dtype)
    pd.testing.assert_frame_equal(written, expected, rtol=1e-5, atol=1e-6, check_dtype=False)


def test_a_late_breach_is_named_by_its_row_and_nothing_is_written(
    case: Case, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 93 has a value that the contract does not allow."""
    monkeypatch.setattr(stream, "ROWS", 10)
    table = pd.read_csv(new, dtype="str")
    name = next(n for n, c in case.contract.features.items() if c.range or c.type in ("number", "integer"))
    table.loc[92, name] = "many"
    table.to_csv(new, index=False)
    out = new.with_name("out.csv")
    with pytest.raises(InputError, match=rf"{name}, type, rows 93, values many"):
        predict_table(str(new), str(out), case.model, case.contract, "the contract", lambda _, p: p)
    assert [path.name for path in new.parent.iterdir()] == ["new.csv"]


def test_a_long_table_is_read_in_parts_also_with_a_late_byte_that_is_not_utf8(tmp_path: Path) -> None:
    """200,000 rows, a name in cp1252 in the last one."""
    path = tmp_path / "long.csv"
    path.write_bytes(b"name,count\n" + b"plain and simple,1\n" * 200_000 + "Jos\xe9,2\n".encode("cp1252"))
    sizes = [part.num_rows for part in stream.read_parts(str(path))]
    assert (sum(sizes), max(sizes)) == (200_001, stream.ROWS)
    assert part_of(path) == "José"


def part_of(path: Path) -> str:
    """The name in the last row."""
    *_, last = stream.read_parts(str(path))
    return str(last["name"][-1])


def test_each_prediction_has_an_id_and_the_version_and_is_logged(
    case: Case, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log and OUT agree; a model whose golden predictions the code does not give is refused."""
    monkeypatch.setattr("pipeline.archive.model_file.load", lambda _: case.model)
    out, logs = new.with_name("out.parquet"), new.with_name("logs")
    predictions = predict(case.model, case.test, case.contract)
    predictions.index = case.test.index
    rows = golden_rows(case.test, predictions, case.contract)
    answers = predict(case.model, typed_rows(rows, case.contract), case.contract).to_dict("records")
    golden = {"rows": rows, "predictions": answers}
    done = batch.predict_and_log(str(new), str(out), "", case.contract, golden, "v0.0.7", logs)
    assert (done["rows"], done["not_logged"]) == (100, 0)
    written, entries = pd.read_parquet(out), [*read_log(logs)]
    assert written["id"].tolist() == [entry["id"] for entry in entries]
    assert len({*written["id"]}) == 100
    assert {*written["version"]} == {entry["version"] for entry in entries} == {"v0.0.7"}
    assert written["predicted"].tolist() == [entry["prediction"]["predicted"] for entry in entries]
    assert json.dumps(entries[0]["row"]) and {*entries[0]["row"]} == {*case.contract.features}
    golden["predictions"] = [answers[0] | {"predicted": "another"}, *answers[1:]]
    with pytest.raises(InputError, match=r"golden predictions of v0\.0\.7"):
        batch.predict_and_log(str(new), str(out), "", case.contract, golden, "v0.0.7", logs)
