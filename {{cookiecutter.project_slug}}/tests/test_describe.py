"""describe recognises numbers, dates, calendar columns, scales and weights as people write them."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.describe.__main__ import main
from pipeline.describe.draft import describe
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches


def seen(name: str, values: list[Any]) -> tuple[Any, list[Any]]:
    """The contract and the typed values of a column beside a target; the table fits its contract."""
    repeated = (values * 30)[:30]
    table = pa.table({name: repeated, "t": ["x", "y"] * 15})
    contract = describe(table, "t", "classification")
    data, unreadable = typed(table, contract)
    assert breaches(data, unreadable, contract).empty
    return contract.columns[name], data[name].iloc[: len(values)].tolist()


@pytest.mark.parametrize(
    ("values", "layout", "numbers"),
    [
        (["$746", "$1,234.50", "($12)"], "1,234.50", [746, 1234.5, -12]),
        (["61.5%", "7%", "12-"], "1,234.50", [61.5, 7, -12]),
        (["1.234,50", "€ 5", "\u22121 234,5"], "1.234,50", [1234.5, 5, -1234.5]),
        (["1'234", "5\u00a0€", "-3"], "1,234.50", [1234, 5, -3]),
        (["1,5", "2,25", "0,125"], "1.234,50", [1.5, 2.25, 0.125]),
        (["1,234", "2,345"], "1,234.50", [1234, 2345]),
        (["1.5", "-2", "3e3"], None, [1.5, -2, 3000]),
    ],
)
def test_numbers_are_read_as_written(values: list[str], layout: str | None, numbers: list[float]) -> None:
    """Separators, currency, % and signs are understood; the mark is a doubt only where all values allow both."""
    column, found = seen("a", values)
    assert (column.type in ("number", "integer"), column.format, found) == (True, layout, numbers)
    assert bool(column.note) == (values[0] == "1,234")


@pytest.mark.parametrize("values", [["1.5 kg", "2 kg", "3.25 kg"], [f"${i},000" for i in range(1, 29)] + ["a lot"]])
def test_texts_that_are_nearly_numbers_are_doubtful(values: list[str]) -> None:
    """A unit, or a word among numbers, is named."""
    column, _ = seen("a", values)
    assert str(column.note).startswith("doubtful: looks like numbers with")


@pytest.mark.parametrize(
    ("name", "values", "layout", "first"),
    [
        ("a", ["25/12/2023", "01/02/2023"], "%d/%m/%Y", "2023-12-25"),
        ("a", ["12-25-2023", "01-02-2023"], "%m-%d-%Y", "2023-12-25"),
        ("a", ["25.12.23 14:05", "01.02.23 9:05"], "%d.%m.%y %H:%M", "2023-12-25 14:05"),
        ("a", ["12/25/2023 2:05:01 PM", "01/02/2023 11:05:00 AM"], "%m/%d/%Y %I:%M:%S %p", "2023-12-25 14:05:01"),
        ("a", ["25 Dec 2023", "1 Feb 2023"], "%d %b %Y", "2023-12-25"),
        ("a", ["December 25, 2023", "May 1, 2023"], "%B %d, %Y", "2023-12-25"),
        ("a", ["Mon, 25 Dec 2023 10:00:00 +0100", "Wed, 01 Feb 2023 10:00:00 +0000"], "%a, %d %b %Y %H:%M:%S %z",
         "2023-12-25 09:00"),
        ("a", ["2023-12-25T10:00:00.5+01:00", "2023-02-01T10:00:00.5Z"], None, "2023-12-25 09:00:00.5"),
        ("a", ["12/2023", "02/2023"], "%m/%Y", "2023-12-01"),
        ("date", ["20231225", "20230201"], "%Y%m%d", "2023-12-25"),
        ("stamp time", ["20231225140501", "20230201000000"], "%Y%m%d%H%M%S", "2023-12-25 14:05:01"),
        ("createdAt", [1703513101, 1675209600], "epoch s", "2023-12-25 14:05:01"),
        ("event_ts", [1703513101500, 1675209600000], "epoch ms", "2023-12-25 14:05:01.5"),
    ],
)  # fmt: skip
def test_dates_are_recognised(name: str, values: list[Any], layout: str | None, first: str) -> None:
    """Each usual layout is found, and its moments are in UTC."""
    column, found = seen(name, values)
    assert (column.type, column.format, column.note) == ("datetime", layout, None)
    assert found[0] == typed_moment(first)


def typed_moment(text: str) -> Any:
    """The moment that a text in ISO's layout names."""
    import pandas as pd

    return pd.Timestamp(text)


def test_day_and_month_that_look_alike_are_doubtful() -> None:
    """Where each value fits both orders, one is chosen and the other is named; numbers and versions are no dates."""
    assert "else set format: %m/%d/%Y" in str(seen("a", ["01/02/2023", "03/04/2023"])[0].note)
    assert "else set format: %d/%m/%Y" in str(seen("a", ["1/2/2023 1:00 PM", "3/4/2023 2:00 AM"])[0].note)
    assert seen("serial", [1703513101, 1675209600])[0].type == "integer"
    assert seen("a", ["1.2.10", "1.10.12"])[0].type == "category"


@pytest.mark.parametrize(
    ("name", "values", "allowed"),
    [
        ("order_month", [3, 5], [1, 12]), ("Month", ["0", "11"], [0, 11]), ("dep_hour", [5, 22], [0, 23]),
        ("dayOfWeek", [0, 4], [0, 6]), ("day of year", [40, 200], [1, 366]), ("month", [3, 60], [0, 117]),
        ("visits_per_month", [3, 5], [1, 7]),
    ],
)  # fmt: skip
def test_calendar_columns_have_their_natural_range(name: str, values: list[Any], allowed: list[int]) -> None:
    """A name that says month or hour allows all months or hours, if the values fit."""
    assert seen(name, values)[0].range == allowed


@pytest.mark.parametrize(
    ("values", "first", "count", "in_order"),
    [
        (["mar", "jan"], ["jan", "feb", "mar"], 12, False),
        (["Thur", "Sun", "Fri"], ["Mon", "Tue", "Wed"], 7, False),
        (["high", "low", "medium"], ["low", "medium", "high"], 3, True),
        (["XL", "S", "M"], ["S", "M", "XL"], 3, True),
        (["65+", "18-25", "26-64"], ["18-25", "26-64", "65+"], 3, True),
        (["10+ years", "< 1 year", "2 years"], ["< 1 year", "2 years", "10+ years"], 3, True),
        (["low", "high"], ["high", "low"], 2, False),
        (["2-1", "0-0", "3-1"], ["0-0", "2-1", "3-1"], 3, False),
    ],
)
def test_values_have_their_natural_order(values: list[str], first: list[str], count: int, in_order: bool) -> None:
    """Months and weekdays are complete; scales and ranges are ordered where that is sure."""
    column, _ = seen("a", values)
    assert (column.type, column.ordered, len(column.values)) == ("category", in_order, count)
    assert column.values[:3] == first


def test_weights_are_named() -> None:
    """One column of weights has that role; a `weight` is a measure, and negative numbers weigh nothing."""
    values: dict[str, list[Any]] = {
        "sample_weight": [1.5, 2.5],
        "fnlwgt": [2, 3],
        "weight": [4, 5],
        "pweight": [-1, 2],
        "t": ["x", "y"],
    }
    contract = describe(pa.table({name: column * 30 for name, column in values.items()}), "t", "classification")
    roles = [column.role for column in contract.columns.values()]
    assert roles == ["weight", "ignored", "feature", "feature", "target"]


def test_update_widens_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """New ranges, values and columns are added, edits stay, and the change and three lines of summary are printed."""
    table, path, text = tmp_path / "a.csv", tmp_path / "schema.yaml", "n,size,id,t\n"
    table.write_text(text + "".join(f"{i * 1.5},{'SML'[i % 3]},k{i},{i % 2}\n" for i in range(60)))
    main([str(table), str(path), "--target", "t", "--task", "classification"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["features: 2 (1 number, 1 category)", "ignored: id (different in every row)", "doubtful: none"]
    path.write_text(path.read_text().replace("range: [0.0, 177.0]", "range: [-5.0, 30.0]\n    note: mine"))
    table.write_text("new," + text + "".join(f"{i % 4},{i % 50},{['XL', ''][i % 2]},k{i},{i % 2}\n" for i in range(60)))
    main([str(table), str(path), "--update"])
    output = capsys.readouterr().out
    assert "+    values: [S, M, L, XL]" in output
    assert "-    range: [-5.0, 30.0]\n+    range: [-5.0, 98.0]" in output
    assert ("note: mine" in path.read_text(), "new:" in path.read_text()) == (True, True)


def test_comments_stay_when_a_contract_is_written_again(tmp_path: Path) -> None:
    """Above a column or an entry, at the end of a line, and at the end of the file; also where a text has a #."""
    table, path = tmp_path / "a.csv", tmp_path / "schema.yaml"
    table.write_text("n,size,t\n" + "".join(f"{i * 1.5},{['a #1', 'b'][i % 2]},{i % 3}\n" for i in range(60)))
    main([str(table), str(path), "--target", "t", "--task", "classification"])
    fresh = path.read_text()
    commented = fresh.replace("  n:\n", "  # from the scale\n  # of 2024\n  n: # grams\n")
    commented = commented.replace("    values: ['a #1', b]", "    # ask Ada\n    values: ['a #1', b] # sizes")
    commented = commented.replace("columns:\n", "# edited\ncolumns: # all\n") + "# the end\n"
    assert commented.count("#") == fresh.count("#") + 8
    path.write_text(commented)
    main([str(table), str(path)])
    assert path.read_text() == commented
    table.write_text(table.read_text() + "9.5,c,1\n" * 2)
    main([str(table), str(path), "--update"])
    assert path.read_text() == commented.replace("b] # sizes", "b, c] # sizes")
