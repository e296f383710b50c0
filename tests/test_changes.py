"""Valid changes to a project do not break the tests that come with it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.test_life import edit

pytestmark = pytest.mark.slow

RATIO = 'data["bill_length_mm"] / data["bill_depth_mm"]'
RETURN = "    return frame  # noqa: RET504 - the place to add columns\n"
MODULE = '''"""The shape of a bill."""

import pandas as pd


def ratio(data: pd.DataFrame) -> pd.Series:
    """Length over depth."""
    return {RATIO}
'''.replace("{RATIO}", RATIO)
FOREST = """    trees = ExtraTreesClassifier(n_estimators=20, random_state=settings.seed)
    impute = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True))
    return make_pipeline(
        ColumnTransformer([("text", OneHotEncoder(handle_unknown="ignore"), text), ("numbers", impute, numbers)]), trees
    )
"""


def feature(project: Path) -> None:
    edit(project / "pipeline/features.py", RETURN, f'    frame["bill_ratio"] = {RATIO}\n{RETURN}')


def metric(project: Path) -> None:
    line = '            "accuracy": float(hits.sum() / w.sum()),\n'
    edit(project / "pipeline/metrics.py", line, line + '            "error_rate": float(1 - hits.sum() / w.sum()),\n')
    edit(project / "params.yaml", "    roc_auc:", "    error_rate: {better: lower}\n    roc_auc:")


def parameter(project: Path) -> None:
    edit(project / "pipeline/model.py", "    max_iter: int", "    max_depth: int = Field(ge=1)\n    max_iter: int")
    edit(project / "pipeline/model.py", "        max_iter=", "        max_depth=settings.max_depth,\n        max_iter=")
    edit(project / "params.yaml", "  max_iter: 100", "  max_depth: 4\n  max_iter: 100")


def stage(project: Path) -> None:
    """The example of docs/pipeline.md."""
    text = (project / "docs/pipeline.md").read_text()
    code, entry = re.findall(r"```(?:python|yaml)\n(.*?)```", text[text.index("**Add a stage.**") :], re.S)[:2]
    (project / "pipeline/count.py").write_text(code)
    edit(project / "dvc.yaml", "plots:\n", f"{entry}\nplots:\n")


def module(project: Path, declared: bool = True) -> None:
    (project / "pipeline/bill.py").write_text(MODULE)
    text = (project / "pipeline/features.py").read_text()
    text = text.replace("from pipeline.contract", "from pipeline.bill import ratio\nfrom pipeline.contract")
    (project / "pipeline/features.py").write_text(
        text.replace(RETURN, f'    frame["bill_ratio"] = ratio(data)\n{RETURN}')
    )
    if declared:
        edit(project / "dvc.yaml", "pipeline/features.py", "pipeline/bill.py, pipeline/features.py")


def model(project: Path) -> None:
    path = project / "pipeline/model.py"
    edit(path, "from sklearn.impute", "from sklearn.ensemble import ExtraTreesClassifier\nfrom sklearn.impute")
    head, rest = path.read_text().split('    classifies = task == "classification"\n')
    path.write_text(head + FOREST)
    edit(
        project / "pipeline/archive/model_file.py",
        '    "numpy.dtype",',
        '    "numpy.dtype",\n    "sklearn.tree._tree.Tree",',
    )
    assert rest


CHANGES: list[Callable[[Path], None]] = [feature, metric, parameter, stage, module, model]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_change_breaks_no_project_test(change: Callable[[Path], None], project: Path, run: Run) -> None:
    """All tests of the project pass before and after `dvc repro`."""
    change(project)
    stale = run("pytest", cwd=project).stdout
    assert (change in (metric, stage)) or "skipped" in stale
    run("dvc", "repro", cwd=project)
    assert "skipped" not in run("pytest", cwd=project).stdout


def test_missing_dependency_names_the_line_to_add(project: Path, run: Run) -> None:
    """An imported module that is not a dependency fails the tests with the line to add to dvc.yaml."""
    module(project, declared=False)
    output = run("pytest", "tests/test_laws.py", cwd=project, code=1).stdout
    for stage_name in ("train", "evaluate"):
        assert f"add to dvc.yaml, stages.{stage_name}.deps: pipeline/bill.py" in output


def test_command_works_in_a_subfolder(project: Path, run: Run, home: dict[str, str]) -> None:
    """The script `lifecycle` finds the project, and paths are relative to the working directory."""
    folder = project / "pipeline"
    script = f"{home['UV_PROJECT_ENVIRONMENT']}/bin/lifecycle"
    assert "up to date" in run(script, "verify", "--report", "out", cwd=folder).stdout
    assert (folder / "out" / "verify.json").exists()
    outside = run(script, "verify", cwd=project.parent, code=2)
    assert "there is no dvc.yaml in this folder or above it" in outside.stderr
