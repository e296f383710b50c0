"""Whatever a record contains, reading it ends in its content or in one sentence that names the file."""

import json
from pathlib import Path
from typing import Any

import pytest

from lifecycle import project
from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.storage import dvc
from lifecycle.storage.dvc_yaml import artifact, declarations
from lifecycle.storage.lock import changed_stages, lock, recorded_data, recorded_stages
from lifecycle.storage.version import flat, versions

WRONG = [
    "5",
    "[]",
    "{a: 5}",
    "[a]",
    "{a: {outs: 5}}",
    "{a: {outs: [5]}}",
    "{a: {outs: [{md5: x}]}}",
    "{a: {deps: {b: c}}}",
]
VALUES: list[Any] = [
    None,
    5,
    "x",
    [],
    [5],
    {"verdict": 5},
    {"verdict": "pass", "messages": 5, "checks": []},
    {"code": 0},
]


def nested(depth: int) -> str:
    """A list in a list in a list."""
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "stages", [*WRONG, "{a: {outs: [{path: m, md5: ../../x}]}}", "{a: {params: [b]}}", "&a {b: *a}"]
)
def test_wrong_lock_is_refused(stages: str) -> None:
    """dvc.lock with other types, without its keys, or with paths for hashes is refused by name."""
    with pytest.raises(LifecycleError, match=r"^dvc.lock [^\n]*$"):
        recorded_stages(f"stages: {stages}", "dvc.lock")


@pytest.mark.parametrize("text", ["outs: 5", "outs: [5]", "outs: [{md5: x}]", "- 5", "outs: {a: b}"])
def test_wrong_data_file_is_refused(text: str) -> None:
    """A .dvc file of another shape is refused by name."""
    with pytest.raises(LifecycleError, match=r"^raw.csv.dvc [^\n]*$"):
        recorded_data(text, "raw.csv.dvc")


@pytest.mark.parametrize(
    "text", [*(f"stages: {w}" for w in WRONG[:6]), "artifacts: [a]", "artifacts: {m: {type: model}}", "plots: 5"]
)
def test_wrong_dvc_yaml_is_refused(text: str) -> None:
    """dvc.yaml of another shape is refused by name."""
    for read in (declarations, artifact):
        with pytest.raises(LifecycleError, match=r"^dvc.yaml [^\n]*$"):
            read(text)


def test_the_right_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A params.yaml that cannot be read is reported as params.yaml, before DVC reads it without a limit."""
    texts = {"dvc.lock": "stages: {}", "dvc.yaml": "stages: {}", "params.yaml": "a: &a [*a]"}
    monkeypatch.setattr(commits, "show", lambda _, name: texts[name])
    monkeypatch.setattr(commits, "tracked", lambda _: set())
    with pytest.raises(LifecycleError, match=r"^params.yaml "):
        lock("HEAD")


def test_stages_that_need_each_other_are_refused() -> None:
    """Stages in dvc.lock that read each other's outputs have no order."""
    side = "{path: %s, md5: 0123456789abcdef0123456789abcdef}"
    stages = [f"{name}: {{deps: [{side % old}], outs: [{side % new}]}}" for name, old, new in ("axy", "byx")]
    read = type("Read", (), {"stages": recorded_stages(f"stages: {{{', '.join(stages)}}}", "dvc.lock")})
    with pytest.raises(LifecycleError, match=r"^dvc.lock .*cycle"):
        changed_stages(None, read)  # type: ignore[arg-type]


class Commit:
    """A commit with a lock, and one text for every other file."""

    def __init__(self, text: str) -> None:
        self.text = text

    def content(self, _: str, path: str) -> bytes:
        paths = ["metrics.json", "intervals.json", "schema.yaml", "golden.json"]
        outs = [{"path": path, "md5": "0" * 31 + "a", "size": 1} for path in paths]
        return json.dumps({"stages": {"s": {"outs": outs}}}).encode() if path == "dvc.lock" else self.text.encode()

    def digest(self, *_: str) -> str:
        return ""

    def load(self, _: object) -> None:
        pass


@pytest.mark.parametrize(
    "text", ["", "5", "[]", '{"a": NaN}', '{"a": 1%s}' % ("0" * 400), nested(9000), '{"a\\n": 1}', "{"]
)
@pytest.mark.parametrize("name", ["scores", "intervals", "contract"])
def test_wrong_results_are_refused(name: str, text: str) -> None:
    """metrics.json, intervals.json and schema.yaml of a commit: other types, NaN, huge numbers, depth."""
    (results,) = versions(Commit(text), ["0" * 40]).values()  # type: ignore[arg-type]
    with pytest.raises(LifecycleError, match=r"^(metrics.json|intervals.json|schema.yaml) in commit 0{9}[^\n]*$"):
        getattr(results, name)


def test_contract_without_target_is_refused() -> None:
    """A contract without a target is refused where a commit is read, too."""
    column = "{type: number, role: feature, missing: false}"
    with pytest.raises(LifecycleError, match=r"^schema.yaml needs exactly one column with role: target"):
        project.contract(f"task: regression\ncolumns: {{x: {column}}}", "schema.yaml")


@pytest.mark.parametrize(
    "content", [*map(json.dumps, VALUES), nested(9000), '{"rows": [[1]], "predictions": []}', '{"rows": NaN}', "\xff"]
)
def test_wrong_golden_rows_are_refused(content: str) -> None:
    """golden.json of another shape is refused by name."""
    with pytest.raises(LifecycleError, match=r"^golden.json [^\n]*$"):
        project.golden(content.encode("latin-1"), "golden.json")


def test_flat_keeps_the_order() -> None:
    """The leaves of a document come in its order, and its depth does not matter."""
    assert flat({"a": [1, {"b": 2}], "c": {}}) == {"a.0": 1, "a.1.b": 2, "c": {}}
    deep: Any = 0
    for _ in range(5000):
        deep = [deep]
    assert [*flat(deep).values()] == [0]


def test_home_of_a_remote_is_the_persons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A remote below `~`, as set-up suggests it, is the folder that DVC uses."""
    monkeypatch.setenv("HOME", str(tmp_path))
    text = "[core]\n    remote = storage\n['remote \"storage\"']\n    url = ~/dvc-storage/penguins\n"
    assert dvc.default_remote(text) == ("storage", str(tmp_path / "dvc-storage" / "penguins"))
