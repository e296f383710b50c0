"""What a version must pass before a stage may point to it; each check runs in a clean checkout of its commit.

The code that runs is that of origin's default branch. The version's own code does nothing but predict.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath
from typing import Any

from lifecycle.errors import LifecycleError, Refused
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.project import digest
from lifecycle.registry.tag import Tag
from lifecycle.review import change, limits
from lifecycle.storage import dvc, objects, status
from lifecycle.storage.dvc_yaml import artifact
from lifecycle.storage.lock import lock
from lifecycle.storage.version import FORM, Version, head, version


def before_promotion(
    name: str, commit: str, current: Tag | None, main: str, skip_comparison: bool
) -> tuple[dict[str, Any], list[str]]:
    """What the tag will record, and notes; raises Refused for stale results, missing data, a wrong or a worse model.

    `name`: of the artifact; `main`: the commit of the default branch, whose limits and remote apply;
    `skip_comparison`: a person answers for a comparison that cannot be made.
    """
    from lifecycle.review import proof  # takes half a second

    with dvc.checkout(commit, main) as folder, ThreadPoolExecutor() as pool:
        new, tolerance = named(name, head()), limits.reproduce(main).tolerance
        if messages := status.findings(committed=True):
            raise Refused(*messages)
        check_stored(new)
        proven = pool.submit(proof.proven, new, folder, sys.executable, tolerance)
        report = compared(new, current, main, skip_comparison)
        count, wrong = proven.result()
        if wrong := wrong + proof.wrong_metrics(new, {}):
            raise Refused(*wrong)
        if report["verdict"] == limits.FAIL:
            first, *others = report["messages"]
            more = f" (and {len(others)} more)" if others else ""
            against = f"{current.commit[:9]} --direct" if current else "0000000"
            raise Refused(f"the gate says fail: {first}{more}: `uv run lifecycle gate {against}`.")
        scores = {row["name"]: row["new"] for row in report["metrics"] if isinstance(row["new"], float)}
        notes = [f"The stored model predicted {count} of {new.intervals['test_rows']} test rows again, as recorded."]
        return {"lock": digest("dvc.lock"), "gate": report["verdict"], "metrics": scores}, notes


def compared(new: Version, current: Tag | None, main: str, skip_comparison: bool) -> dict[str, Any]:
    """The gate's report; where it cannot compare, floors and ceilings alone if the comparison may be skipped."""
    old = version(current.commit) if current else None
    try:
        return change.review(new, old, current.commit if current else None, main, direct=True)
    except LifecycleError:
        if not skip_comparison:
            raise
        report = change.review(new, None, None, main, direct=True)
        return report if report["verdict"] == limits.FAIL else report | {"verdict": "not compared"}


def before_rollback(name: str, commit: str, main: str) -> dict[str, Any]:
    """The same for a version that was promoted before: its data, its model's bytes, and its golden predictions."""
    from lifecycle.review import proof  # takes half a second

    with dvc.checkout(commit, main) as folder:
        new = named(name, head())
        check_stored(new)
        try:
            wrong = proof.golden(new, folder, sys.executable, limits.reproduce(main).tolerance)
        except LifecycleError:  # it cannot be loaded here: its bytes are the recorded ones, which is enough to go back
            wrong = []
        if wrong:
            raise Refused(f"the stored model contradicts its golden predictions: {'; '.join(wrong[:3])}.")
        return {"lock": digest("dvc.lock"), "gate": None}


def named(name: str, new: Version) -> Version:
    if (declared := artifact(show(WORK_TREE, "dvc.yaml")).name) != name:
        raise Refused(f"dvc.yaml of commit {new.commit[:9]} calls the model {declared}, not {name}.")
    return new


def check_stored(new: Version) -> None:
    """Raise Refused unless every object is in the remote with its size, and what predicts has its recorded bytes."""
    dvc.check_remote()
    recorded = lock("HEAD")
    if messages := objects.not_stored(recorded) if recorded else []:
        raise Refused(*(f"{message} where it was made" for message in messages))
    served = [file for path, file in new.lock.outputs.items() if PurePath(path).name == FORM]
    for file in (new.model, new.file("golden.json"), *served):
        if (real := objects.digest(file.md5)) != file.md5:
            raise Refused(f"{file.path} is corrupt in the remote: its hash is {real}, dvc.lock has {file.md5}.")
