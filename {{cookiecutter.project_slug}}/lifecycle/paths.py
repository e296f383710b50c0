"""Where the project is, and what a path on the command line means: verbs work in every sub-folder."""

import os
from pathlib import Path

START = Path.cwd()  # where the person typed the command


def enter_project() -> bool:
    """Change to the project's folder, the nearest one with a dvc.yaml; whether there is one."""
    for folder in (START, *START.parents):
        if (folder / "dvc.yaml").is_file():
            os.chdir(folder)
            return True
    return False


def path(text: str) -> Path:
    """A path from the command line, relative to the project's folder."""
    return Path(os.path.relpath(START / text))
