"""Whatever reports, compared outputs and tags contain, reading them ends in one sentence or a result."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifecycle.errors import LifecycleError
from lifecycle.registry import tag
from lifecycle.report.markdown import markdown
from lifecycle.report.review import outcome
from lifecycle.review.compare_files import differences
from lifecycle.tests.test_bad_records import VALUES, nested


@pytest.mark.parametrize("content", VALUES)
def test_wrong_reports_are_refused(content: Any, tmp_path: Path) -> None:
    """report.json and verify.json of another shape are refused by name."""
    (tmp_path / "verify.json").write_text(json.dumps(content))
    with pytest.raises(LifecycleError, match=r"verify.json has an unexpected content"):
        outcome(tmp_path / "verify.json")
    with pytest.raises(LifecycleError, match=r"report.json has an unexpected content[^\n]*$"):
        markdown(content)


@pytest.mark.parametrize("damage", [lambda text: text[: len(text) // 2], lambda _: nested(9000), lambda _: ""])
@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.parquet", "a.skops"])
def test_file_that_cannot_be_compared_differs(name: str, damage: Callable[[str], str], tmp_path: Path) -> None:
    """A recorded output that is broken is a difference, not an error."""
    old, new = tmp_path / name, tmp_path / "new" / name
    new.parent.mkdir()
    new.write_text('{"a": 1, "b": [1, 2]}')
    old.write_text(damage('{"a": 1, "b": [1, 2]}'))
    assert differences(old, new, 0, {})


def test_tag_with_wrong_numbers_is_ignored() -> None:
    """Numbers of thousands of digits, a time that is none, and a message of great depth are no errors."""
    rest = ["tag", "1" * 40, "commit", "2" * 40, "A", "<a@b.c>", "1700000000", nested(9000), ""]
    names = [f"model#prod#{'9' * 5000}", f"model@v1.2.{'9' * 5000}", "model@v1.2.3"]
    assert [isinstance(tag.parse([name, *rest, name, "2" * 40], "model"), str) for name in names] == [True, True, False]
    rest[6] = "yesterday"
    assert "after the year 9999" in str(tag.parse(["model@v1.2.3", *rest, "model@v1.2.3", "2" * 40], "model"))
