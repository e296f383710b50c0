"""Reads one file after another with a project's own readers: a JSON line in (reader, content), a JSON line out.

Runs in the project's folder and environment, as `python fuzz_reader.py`. The answer is what the reader ended in: a
result, its own sentence, or a traceback.
"""

import base64
import json
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast

sys.path.insert(0, "")

from lifecycle import project
from lifecycle.commands import promote
from lifecycle.errors import LifecycleError
from lifecycle.forge.comments import rendered
from lifecycle.forge.github import GitHub
from lifecycle.git import commits
from lifecycle.registry import rules, tag
from lifecycle.report import review
from lifecycle.report.markdown import markdown
from lifecycle.review import change, limits, thresholds, verdict
from lifecycle.review.bootstrap import changes, pair
from lifecycle.review.compare_files import differences
from lifecycle.storage import dvc_yaml, lock, objects, references, stages, unchecked, version
from pipeline import predict
from pipeline.contract import schema
from pipeline.describe.draft import describe, render
from pipeline.evaluate import Evaluate
from pipeline.model import Train
from pipeline.run.errors import InputError
from pipeline.run.settings import check, load_yaml
from pipeline.split.settings import Prepare
from pipeline.table.read import read
from pipeline.table.types import typed
from pipeline.validate import Validate
from pipeline.validation.breaches import breaches
from pipeline.validation.warnings import warnings

assert promote
FOLDER = Path(mkdtemp())
CONTRACT = schema.load("data/schema.yaml")
TRACKED = {path.as_posix() for folder in ("reports", "pipeline") for path in Path(folder).rglob("*")}
RAW = read("data/raw.csv")
PREDICTIONS = Path("reports/predictions.parquet")
ASKED = FOLDER / "asked.csv"
ASKED.write_text("".join(Path("data/raw.csv").read_text().splitlines(keepends=True)[:3]))
BLOCKS = {"validate": Validate, "prepare": Prepare, "train": Train, "evaluate": Evaluate,
          "reproduce": limits.Reproduce, "promote": rules.Promote}  # fmt: skip


class Commit:
    """A commit whose files are those of this folder, but for one."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def content(self, _: str, path: str) -> bytes | None:
        file = self.file if Path(path).name == self.file.name else Path(path)
        with suppress(OSError, ValueError):
            return file.read_bytes()
        return None

    def digest(self, _: str, path: str) -> str:
        return "" if self.content("", path) is None else "0" * 32

    def load(self, _: object) -> None:
        pass


def versions(file: Path) -> Any:
    return version.versions(cast(Any, Commit(file)), ["0" * 40])["0" * 40]


def results(file: Path) -> None:
    """Everything that a review reads of a commit."""
    new = versions(file)
    if new is None:
        lock.recorded_stages(file.read_text("utf-8", "replace"), file.name)
        raise LifecycleError("no dvc.lock that can be read")
    settings = thresholds.check_names(limits.gate(new.parameters, "params.yaml"), new)
    thresholds.limit_faults(settings, 1, 1, new.scores, new.intervals.get("baseline") or {})
    report = change.compare(settings, new, new)
    new.wrong_manifest()
    old = versions(Path("none"))
    report |= {"data": thresholds.changed(old.data, new.data), "head": "1", "name": "main", "libraries": []}
    report["parameters"] = thresholds.changed(change.without_gate(old), change.without_gate(new))
    predictions = project.stored_table(PREDICTIONS, new.contract, "predictions")
    verdict.contradictions(verdict.metrics(predictions, new.contract.task), new.scores)
    verdict.metrics(project.baseline(new.json("profile.json"), predictions, new.contract), new.contract.task)
    json.dumps([report, markdown(report)], default=str)


def settings(file: Path) -> None:
    blocks = load_yaml(str(file))
    for name, kind in BLOCKS.items():
        check(cast(Any, kind), blocks.get(name), name)
    results(file)


def declared(file: Path) -> None:
    commits.show = lambda *_: file.read_text("utf-8", errors="surrogateescape")
    review.chart(["HEAD"])
    found = dvc_yaml.declarations(commits.show("", ""))
    dvc_yaml.artifact(commits.show("", ""))
    entries = lock.recorded_stages(Path("dvc.lock").read_text(), "dvc.lock")
    every = [stages.Stage(name, "dvc.yaml", entry.get("cmd"), set(), []) for name, entry in found["stages"].items()]
    unchecked.findings(lock.Lock(entries, {}, {}), every, set())
    assert isinstance(found["stages"], dict)


def locked(file: Path) -> None:
    results(file)
    recorded = versions(file).lock
    lock.inconsistent(recorded)
    lock.changed_stages(None, recorded)
    datafile(file)


def datafile(file: Path) -> None:
    references.hashes(file.read_text("utf-8", errors="replace"), file.name, "x", TRACKED)


def listed(file: Path) -> None:
    objects.cached = lambda _: file  # type: ignore[attr-defined, assignment]
    objects.folder_content.__wrapped__("0" * 32, "x")


def contract(file: Path) -> None:
    described = schema.load(str(file))
    data, unreadable = typed(RAW, described)
    breaches(data, unreadable, described)
    results(file)


def table(file: Path) -> None:
    raw = read(str(file))
    data, unreadable = typed(raw, CONTRACT)
    breaches(data, unreadable, CONTRACT)
    goal = raw.column_names[-1]
    described = describe(raw, goal, "classification" if raw.num_rows % 2 else "regression")
    (FOLDER / "schema.yaml").write_text(render(described), "utf-8")
    described = schema.load(str(FOLDER / "schema.yaml"))
    data, unreadable = typed(raw, described)
    assert breaches(data, unreadable, described).empty, "a table breaks the contract that was written from it"
    warnings(data, described, 0.9)


def stored(file: Path) -> None:
    new = project.stored_table(file, CONTRACT, file.name)
    if file.name == "predictions.parquet":
        both = pair(project.read_table(PREDICTIONS), new)
        if len(both.new):
            changes(both, CONTRACT.task, 3, 0.95, 0)
        verdict.contradictions(verdict.metrics(new, CONTRACT.task), {})
    else:
        verdict.labels(project.read_table(PREDICTIONS), new, CONTRACT)
    differences(Path(PREDICTIONS.parent, file.name), file, 1e-6, {})


def golden(file: Path) -> None:
    known = project.golden(file.read_bytes(), file.name)
    rows = project.questions(project.typed_rows(known.rows, CONTRACT), CONTRACT)
    project.contradictions(known.predictions, [{"predicted": "x"}] * len(rows), 1e-6)


def model(file: Path) -> None:
    differences(Path("models/model.skops"), file, 1e-6, {})
    predict.main(str(ASKED), str(FOLDER / "answers.csv"), str(file), "data/schema.yaml")


def compared(file: Path) -> None:
    known = next((path for path in Path("reports").rglob(file.name)), Path("models", file.name))
    differences(known, file, 1e-6, {})


def tagged(file: Path) -> None:
    lines = file.read_text("utf-8", errors="surrogateescape").split("\n", 11)
    tag.parse([*lines, *[""] * 12][:12], "model")


def answer(file: Path) -> None:
    forge = GitHub.__new__(GitHub)
    forge.address = "http://x"
    forge.send = lambda *_: file.read_bytes()  # type: ignore[method-assign]
    forge.call("GET", "/x")


def report(file: Path) -> None:
    rendered(file.read_bytes())
    markdown(json.loads(file.read_text("utf-8")))


def left(file: Path) -> None:
    checks = {"verify": review.outcome(file)}
    markdown({"verdict": "pass", "messages": [], "head": "x", "checks": checks})


def no_object(md5: str) -> bytes:
    raise FileNotFoundError(md5)


READERS: dict[str, Callable[[Path], None]] = {
    "params.yaml": settings, "dvc.yaml": declared, "dvc.lock": locked, "list.dir": listed, "schema.yaml": contract,
    "raw.csv": table, "raw.parquet": table, "predictions.parquet": stored, "test.parquet": stored,
    "golden.json": golden, "model.skops": model, "metrics.json": results, "intervals.json": results,
    "profile.json": results, "manifest.json": compared, "importance.csv": compared, "model_card.md": compared,
    "tag": tagged, "answer.json": answer, "report.json": report, "verify.json": left,
    "raw.csv.dvc": datafile,
}  # fmt: skip


def ended(name: str, content: bytes) -> dict[str, object]:
    file, start = FOLDER / name, time.monotonic()
    file.write_bytes(content)
    message = ""
    try:
        READERS[name](file)
        how = "result"
    except (InputError, LifecycleError) as error:
        message = str(error)
        how = "sentence" if message.isprintable() and len(message) < 5000 else "a message that is not one sentence"
    except Exception:
        how = traceback.format_exc(limit=-4)[:2000]
    return {"how": how, "message": message[:500], "seconds": time.monotonic() - start}


if __name__ == "__main__":
    objects.content = no_object
    for line in sys.stdin:
        case = json.loads(line)
        print("answer", json.dumps(ended(case["reader"], base64.b64decode(case["content"]))), flush=True)
