"""The project's files that a Python program imports, directly or indirectly, read from its text: nothing is run."""

import ast
import re
from pathlib import Path

PROGRAM = re.compile(r"\bpython[\d.]*\s+(?:-m\s+([\w.]+)|(\S+\.py)\b)")


def programs(command: object) -> list[Path]:
    """The project's files that a stage's command runs."""
    lines = command if isinstance(command, list) else [command]
    found = [match for line in lines for match in PROGRAM.findall(str(line))]
    return [file for module, path in found for file in ([Path(path)] if path else files(module)) if file.is_file()]


def imported(path: Path) -> set[Path]:
    """The file itself, and every file of the project that it needs."""
    known, new = {path}, {path}
    while new := {file for path in new for file in modules(path)} - known:
        known |= new
    return known


def files(module: str) -> list[Path]:
    """Where a module of the project may be, with the packages around it."""
    parts = module.split(".")
    packages = [Path(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    return [Path(*parts).with_suffix(".py"), Path(*parts, "__main__.py"), *packages] if all(parts) else []


def modules(path: Path) -> set[Path]:
    """The project's files that a file imports itself."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the stage itself fails, and says why
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
            module = ".".join(filter(None, (package, node.module)))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return {file for name in names for file in files(name) if file.name != "__main__.py" and file.is_file()}
