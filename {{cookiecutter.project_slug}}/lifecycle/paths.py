"""Where the project is, what a path on the command line means, and how the files that it names are written."""

import os
from pathlib import Path

from lifecycle.errors import LifecycleError

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


def write(file: Path, text: str, what: str = "report", hint: str = "--report takes a folder") -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8", "backslashreplace", "\n")  # a surrogate of JSON has no UTF-8
    except OSError as error:
        raise LifecycleError(f"the {what} cannot be written ({error}): {hint}.") from None
