"""The drill catches every forgery, and turns red as soon as any check is disabled."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import SOURCE, Run
from tests.test_life import edit

pytestmark = pytest.mark.slow

# (file of lifecycle/, text, text that disables the check, attacks that must then get through)
Disabled = tuple[str, str, str, list[str]]
STATUS: list[Disabled] = [
    ("storage/stages.py", "and stage.frozen:", "and False:", ["freeze a stage"]),
    ("storage/stages.py", "Path(stage.wdir) != Path(root)", "False", ["move a stage to another folder"]),
    ("storage/stages.py", "if not out.can_push:", "if False:", ["never push the model"]),
    ("storage/stages.py", "if out.remote:", "if False:", ["keep the model elsewhere"]),
    ("storage/unchecked.py", "    return paths\n", "    return []\n", ["hide an edit from dvc"]),
    ("storage/unchecked.py", 'endswith(".dvc") and', "endswith('.none') and", ["hide the data from dvc"]),
    ("storage/unchecked.py", 'endswith(("/dvc.yaml",', 'endswith(("/none",', ["add a second pipeline"]),
    ("storage/unchecked.py", "for file in missing]", "for file in ()]", ["hide a dependency"]),
    ("storage/unchecked.py", "and not declares:", "and False:", ["hide the parameters"]),
    ("storage/objects.py", "    return sorted(messages)\n", "    return []\n",
     ["forget to push", "cut an object in the remote", "keep the model out of the cache"]),
    ("storage/status.py", "in changed.items():", "in ():",
     ["edit a metric", "change code without running it", "change a parameter without running"]),
]  # fmt: skip
REVIEW: list[Disabled] = [
    ("commands/reproduce.py", "now[path] != recorded.outputs[path].md5", "False", ["forge predictions and metrics"]),
    ("commands/reproduce.py", "base if base and code.exists(base) else", "", ["loosen the tolerance"]),
    ("review/change.py", "thresholds(limits, new", "thresholds(new.commit, new", ["loosen the limits"]),
    ("code.py", "or not exists(tip) or same(tip):", "or True:", ["edit the checks"]),
    ("review/verdict.py", "not math.isclose(", "False and not math.isclose(", ["forge metrics alone"]),
    ("review/verdict.py", "faults += labels(", "labels(", ["forge the labels"]),
    ("review/thresholds.py", "if rows < before:", "if False:", ["leave out test rows"]),
]
JUDGE: list[Disabled] = [("review/limits.py", "if high < -drop:", "if False:", ["make the model worse"])]
PROMOTION: list[Disabled] = [
    ("review/proof.py", "if wrong := project.contradictions(", "if wrong := not project.contradictions(",
     ["forge the golden predictions"]),
    ("review/proof.py", "if wrong := predictions.differ(", "if wrong := [] and predictions.differ(",
     ["promote forged predictions"]),
    ("storage/version.py", "            stated != real\n", "            False\n", ["forge the manifest"]),
    ("storage/dvc_yaml.py", "if path not in outputs(", "if False and path not in outputs(", ["ship another file"]),
    ("storage/objects.py", "    return sorted(messages)\n", "    return []\n", ["promote without the data"]),
    ("registry/checks.py", "!= file.md5:", "!= file.md5 and False:", ["replace the model in the remote"]),
]  # fmt: skip
MODEL: list[Disabled] = [
    ("review/proof.py", "if wrong := predictions.differ(", "if wrong := [] and predictions.differ(",
     ["promote another model", "register another model"]),
    ("review/proof.py", "if wrong := project.contradictions(", "if wrong := [] and project.contradictions(", []),
    ("review/proof.py", "    return verdict.contradictions(", "    return [] and verdict.contradictions(",
     ["register forged metrics"]),
]  # fmt: skip
REGISTRY: list[Disabled] = [
    ("registry/chain.py", "    messages = []\n", "    return []\n", ["delete the newest tag", "delete a version"]),
    ("registry/agreement.py", "if number > last + 1:", "if False:", ["delete a tag in between"]),
    ("registry/tag.py", 'if content.get("commit", commit) != commit:', "if False:", ["move a tag"]),
    ("registry/tag.py", 'if kind != "tag" or not time:', "if False:", ["add a tag that says nothing"]),
]
TARGET: list[Disabled] = [
    ("../pipeline/contract/schema.py", "return data[list(self.features)]", "return data", ["leak the target"]),
]
GROUPS = {"status": STATUS, "review": REVIEW, "judge": JUDGE, "promotion": PROMOTION, "model": MODEL,
          "registry": REGISTRY, "target": TARGET}  # fmt: skip


def drill(project: Path, run: Run, *only: str, code: int) -> dict[str, str]:
    """Run the drill; the answer to each attack."""
    done = run("lifecycle", "drill", *(["--only", *only] if only else []), "--json", cwd=project, code=code)
    return dict(json.loads(done.stdout)["details"]["attacks"])


def listed(project: Path, run: Run) -> list[str]:
    """What Git says of the project's files, without Python's byte code."""
    lines = run("git", "status", "--porcelain", "--ignored", cwd=project).stdout.splitlines()
    return [line for line in lines if "__pycache__" not in line]


def test_every_attack_has_a_check_to_disable() -> None:
    """Each attack of the drill is in one of the groups."""
    text = (SOURCE / "lifecycle" / "drill" / "attacks.py").read_text()
    names = re.findall(r'attack\("\w+", "([^"]+)"', text)
    assert len(names) >= 25
    assert {*names} == {name for group in GROUPS.values() for *_, through in group for name in through}


def test_every_forgery_is_caught(project: Path, run: Run) -> None:
    """At least 25 attacks, each caught by its verb; the project, its origin and its remote are as before."""
    before = listed(project, run)
    stored = sorted((path, path.stat().st_mtime_ns) for path in (project.parent / "storage").rglob("*"))
    answers = drill(project, run, code=0)
    assert {*answers.values()} == {"caught"}
    assert len(answers) >= 25
    assert listed(project, run) == before
    assert sorted((path, path.stat().st_mtime_ns) for path in (project.parent / "storage").rglob("*")) == stored
    assert run("git", "tag", cwd=project).stdout == ""


@pytest.mark.parametrize("group", GROUPS)
def test_disabled_check_turns_the_drill_red(group: str, project: Path, run: Run) -> None:
    """Without its check each of these attacks gets through, and the drill exits with 1."""
    attacks = []
    for name, old, new, through in GROUPS[group]:
        edit(project / "lifecycle" / name, old, new)
        attacks += through
    run("dvc", "repro", cwd=project)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Without checks", cwd=project)
    run("dvc", "push", cwd=project)
    answers = drill(project, run, *attacks, code=1)
    assert [name for name in attacks if answers[name] == "caught"] == []
