"""Golden predictions hold for the model that they were made with; the audit's page shows whatever it is given."""

from typing import Any

from lifecycle.versions.page import page
from pipeline import golden
from pipeline.evaluate import predict
from tests.conftest import Case


def test_golden_rows_are_predicted_as_before(case: Case) -> None:
    """The rows survive JSON, hold several classes, and another model's predictions contradict them."""
    test = case.test.reset_index(drop=True)
    said = predict(case.model, test, case.contract)
    rows = golden.golden(test, said, case.contract)
    assert len(rows) == 10
    now: list[dict[str, Any]] = predict(case.model, golden.typed(rows, case.contract), case.contract).to_dict("records")
    assert {tuple(row.values()) for row in now} <= {tuple(row) for row in said.itertuples(index=False)}
    if case.contract.task == "classification":
        assert {row["predicted"] for row in now} == {*said["predicted"]}
    assert golden.contradictions(now, now, 0) == []
    other = [
        row | {name: value + 1e-3 * max(1, abs(value)) for name, value in row.items() if isinstance(value, float)}
        for row in now
    ]
    assert len(golden.contradictions(now, other, 1e-6)) >= 10
    assert golden.golden(test.sample(frac=1, random_state=1), said, case.contract) == rows


def test_page_shows_text_and_runs_none() -> None:
    """Whatever a tag or a file says is shown as it is, and nothing is loaded from elsewhere."""
    evil = "<script>alert(1)</script>"
    stage = {"stage": "prod", "tag": evil, "kind": evil, "date": "", "by": evil, "reason": evil, "now": True}
    version = {
        "version": "v0.0.1",
        "date": "",
        "by": evil,
        "approved_by": [evil],
        "gate": evil,
        "commit": "c",
        "lock": "l",
    }
    rest = {
        "lock": "l",
        "model": "m",
        "data": {evil: "h"},
        "rows": 1,
        "metrics": {evil: 0.5},
        "parameters": {evil: {evil: evil}},
    }
    one = version | rest | {"libraries": {evil: evil}, "stages": [stage], "faults": [evil]}
    text = page({"artifact": evil, "stages": {"prod": evil}, "versions": [one], "faults": [evil]})
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not any(word in text for word in ("http:", "https:", "src=", "href=", "@import", "url("))
    assert "width=device-width" in text
