"""The versions that results rest on: Python's, and those that uv.lock holds for the project's own dependencies.

Reads uv.lock and .python-version; writes environment.txt, a line each, which a newer linter leaves as it is.
"""

import subprocess
import sys
from pathlib import Path

EXPORT = "uv export --frozen --quiet --no-default-groups --no-emit-project --no-hashes --no-annotate --no-header"


def main(python_path: str, environment_path: str) -> None:
    """Write the versions; exits with uv's own code and words if it cannot read uv.lock."""
    exported = subprocess.run(EXPORT.split(), stdout=subprocess.PIPE, text=True)
    if exported.returncode:
        sys.exit(exported.returncode)
    python = Path(python_path).read_text("utf-8").strip()
    Path(environment_path).write_text(f"python=={python}.*\n{exported.stdout}", "utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
