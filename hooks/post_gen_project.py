"""Keeps the files that the answers ask for, then sets the project up: Git, environment, data and its contract.

Reads the answers; changes the new folder only. If a step of the set-up cannot run, its name and the commands that are
still to be typed are printed. Uses the standard library only.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

# tojson escapes the apostrophe, not the double quote: no answer can end this string, and it must keep its quotes.
ANSWERS: dict[str, str] = json.loads(r'''{{ cookiecutter | tojson }}''')  # fmt: skip
CI, TASK, TARGET, DATASET, RAW = (ANSWERS[name] for name in ("ci", "task", "target", "dataset", "__raw"))
IS_URL = "://" in DATASET
# `cruft update` renders old and new into temporary folders to compare them: it needs the files, not the set-up.
UPDATE = "_commit" in ANSWERS and re.fullmatch(r"tmp\w{8}", Path.cwd().parent.name) is not None

KEEP = {  # path -> the answer that keeps it
    ".github": CI == "github",
    ".gitlab": CI == "gitlab",
    ".gitlab-ci.yml": CI == "gitlab",
    "renovate.json": CI == "gitlab",
    "data/raw.csv": DATASET == "sample" and not UPDATE,  # an update leaves a project's data alone
}


class Step(NamedTuple):
    """One step of the set-up, and the steps that it needs."""

    name: str
    title: str
    commands: list[list[str]]
    needs: set[str]


UV_RUN = ["uv", "run", "--no-sync"]
TRACK = ["dvc", "import-url", DATASET, RAW] if IS_URL else ["dvc", "add", RAW]
CONTRACT = ["data/schema.yaml", f"--target={TARGET}", f"--task={TASK}"]
DESCRIBE = [*UV_RUN, "python", "-m", "pipeline.describe", RAW, *CONTRACT]
TOLD: list[str] = []  # what describe says of the table
IDENTITY = [["git", "config", f"user.{key}", ANSWERS[f"author_{key}"]] for key in ("name", "email")]
COMMIT = ["git", "commit", "--quiet", "--no-verify", "-m", f"Start {ANSWERS['project_name']} from the template"]
STEPS = [
    Step("git", "start a Git repository (git init)", [["git", "init", "--quiet", "-b", "main"]], set()),
    Step("lock", "choose the versions of all packages (uv lock)", [["uv", "lock"]], set()),
    Step("sync", "install them (uv sync)", [["uv", "sync", "--locked", "--compile-bytecode"]], {"lock"}),
    Step("track", f"put the data under DVC ({' '.join(TRACK[:2])})", [[*UV_RUN, *TRACK]], {"git", "sync"}),
    # A local file can be described, and refused, without Git
    Step("describe", "write the data contract", [DESCRIBE], {"track"} if IS_URL else {"sync"}),
    Step("hooks", "install the Git hooks (pre-commit)", [[*UV_RUN, "pre-commit", "install"]], {"git", "sync"}),
    # Never before the data is under DVC: it would stay in Git for ever
    Step("commit", "make the first commit (git commit)", [["git", "add", "--all"], COMMIT], {"track", "describe"}),
]


def keep_chosen_files() -> None:
    for path, kept in KEEP.items():
        if not kept and Path(path).is_dir():
            shutil.rmtree(path)
        elif not kept:
            Path(path).unlink(missing_ok=True)


def fit_pipeline() -> None:
    """Writes the path of the data into dvc.yaml; drops the lines that are tagged for the other task."""
    tags = {f"# {task}": task == TASK for task in ("classification", "regression")}
    for path in (Path("dvc.yaml"), Path("params.yaml")):
        lines = []
        for line in path.read_text("utf-8").replace("data/raw.csv", RAW).splitlines():
            tag = next((tag for tag in tags if line.endswith(tag)), "")
            if tags.get(tag, True):
                lines.append(line.removesuffix(tag).rstrip() + "\n")
        path.write_text("".join(lines), "utf-8", newline="\n")


def copy_dataset() -> None:
    # Relative to the folder where cookiecutter was called; the pre-generation hook looks in the same two places
    places = [Path(place, os.path.expanduser(DATASET)) for place in (os.environ.get("PWD", ".."), "..")]  # noqa: PTH111
    Path(RAW).parent.mkdir(exist_ok=True)
    place = next(place for place in places if place.exists())
    (shutil.copytree if place.is_dir() else shutil.copyfile)(place, RAW)


def environment() -> dict[str, str]:
    """This process's environment without variables that point Git, uv or Python to another project."""
    misleading = {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}
    kept = {name: value for name, value in os.environ.items() if name not in misleading}
    beside = str(Path(sys.executable).parent)  # uv may be installed beside cookiecutter and not be on PATH
    path = f"{kept.get('PATH', os.defpath)}{os.pathsep}{beside}"
    return kept | {"DVC_NO_ANALYTICS": "1", "PYTHONUTF8": "1", "PATH": path}


def fault(command: list[str], variables: dict[str, str]) -> str:
    """Why the command failed, empty if it did not; exits if it refuses the answers themselves."""
    program = shutil.which(command[0], path=variables["PATH"])
    if program is None:
        return f"{command[0]} is not installed"
    arguments = [program, *command[1:]]
    done = subprocess.run(arguments, env=variables, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode == 1 and command == DESCRIBE and "Traceback" not in done.stderr:
        sys.exit(done.stderr.strip())  # cookiecutter then removes the folder
    if command == DESCRIBE and done.returncode == 0:
        TOLD.extend(done.stdout.splitlines())
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1].strip() if done.returncode else ""


def set_up() -> list[list[str]]:
    """Runs the steps; returns the commands that are still to be typed."""
    undone: dict[str, list[list[str]]] = {}
    for number, step in enumerate(STEPS, start=1):
        if step.needs & undone.keys():
            undone[step.name] = step.commands
            continue
        print(f"[{number}/{len(STEPS)}] {step.title}", flush=True)
        for place, command in enumerate(step.commands):
            if why := fault(command, environment()):
                print(f"Could not {step.title}: {why.rstrip('.')}.", flush=True)
                unknown = command == COMMIT and fault(["git", "var", "GIT_COMMITTER_IDENT"], environment())
                undone[step.name] = (IDENTITY if unknown else []) + step.commands[place:]
                break
    return [command for commands in undone.values() for command in commands]


def print_next_steps(undone: list[list[str]]) -> None:
    slug = ANSWERS["project_slug"]
    print(*TOLD, sep="\n", end="\n" * bool(TOLD))
    if undone:
        print(f"To finish the set-up later, type in {slug}/:", *map(shlex.join, undone), sep="\n  ")
    print("Next:", f"cd {slug}", "uv run dvc repro", "uv run dvc metrics show", sep="\n  ", flush=True)


if __name__ == "__main__":
    keep_chosen_files()
    fit_pipeline()
    Path(".python-version").write_text(f"{sys.version_info.major}.{sys.version_info.minor}\n", "utf-8", newline="\n")
    if not UPDATE:
        if DATASET != "sample" and not IS_URL:
            copy_dataset()
        wanted = ANSWERS["set_up"] == "yes"
        print_next_steps(set_up() if wanted else [command for step in STEPS for command in step.commands])
