"""Writes the versions that results depend on: Python's, and those that uv.lock has for the project's dependencies.

Reads .python-version and uv.lock; writes environment.txt, a version per line. A newer linter does not change it.
"""

import subprocess
import sys
from pathlib import Path

EXPORT = "uv export --frozen --quiet --no-default-groups --no-emit-project --no-hashes --no-annotate --no-header"


def main(python_path: str, environment_path: str) -> None:
    """Write the versions; exit with uv's own code and message if it cannot read uv.lock."""
    exported = subprocess.run(EXPORT.split(), stdout=subprocess.PIPE, text=True)
    if exported.returncode:
        sys.exit(exported.returncode)
    python = Path(python_path).read_text("utf-8").strip()
    Path(environment_path).write_text(f"python=={python}.*\n{exported.stdout}", "utf-8", newline="\n")


if __name__ == "__main__":  # not @stage: this file makes what @stage checks, and needs the standard library alone
    main(*sys.argv[1:])
