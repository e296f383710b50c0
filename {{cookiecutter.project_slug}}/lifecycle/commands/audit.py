"""Every registered version: who, when, from what, with what result, and whether its records still agree.

VERSION, a commit or the hash of a model follows one version back to its training rows, and reads all of its objects in
the remote; without it every version's model is read. Writes nothing but the page that --html names.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lifecycle.outcome import CouldNot, Outcome, run
from lifecycle.versions import objects, origin, rights
from lifecycle.versions.dossier import Dossier
from lifecycle.versions.history import dossiers
from lifecycle.versions.page import page
from lifecycle.versions.registry import Registry, artifact, moved, read


def audit(which: str | None, html: str | None) -> Outcome:
    """1 with a sentence for each record that disagrees with itself."""
    with origin.scratch() as folder:
        found = read(folder, artifact())
        doubts = found.doubts + moved(found)
        owners = [(found.owner(stage), rule) for stage, rule in rights.rules(folder).items()]
        doubts += [f"{why}." for one, rule in owners if one and (why := rights.lacks(one, folder, rule))]
        every = dossiers(folder, found)
    chosen = [one for one in every if which is None or named(one, which)]
    if which is not None and not chosen:
        there = f"there are {', '.join(found.versions)}" if found.versions else "there is no version yet"
        raise CouldNot(f"no version, commit or model of a version is called {which}: {there}.")
    examine(chosen, whole=which is not None)
    faults = [f"{one.version}: {fault}." for one in chosen for fault in one.faults] + doubts
    told = [line for one in chosen for line in (chain(one, found) if which else [summary(one)])]
    if not chosen:
        told = ["no version is registered yet: `uv run python -m lifecycle.promote --stage STAGE`."]
    details: dict[str, Any] = {
        "artifact": found.artifact,
        "stages": {stage: tags[-1].version for stage, tags in found.stages.items() if tags},
        "versions": [asdict(one) for one in chosen],
        "faults": faults,
    }
    if html:
        try:
            Path(html).parent.mkdir(parents=True, exist_ok=True)
            Path(html).write_text(page(details), "utf-8", newline="\n")
        except OSError as why:
            raise CouldNot(f"the page cannot be written ({why}): --html names a file.") from None
        told.append(f"The page is {html}.")
    checked = f"{len(chosen)} of {len(every)} versions and all {len(found.hashes)} tags: "
    if faults:
        return Outcome(1, [*told, *faults, f"{checked}{len(faults)} records disagree."], details)
    return Outcome(0, [*told, f"{checked}all records agree, and the stored models have their hashes."], details)


def named(one: Dossier, which: str) -> bool:
    """Whether `which` is the version, or begins its commit's or its model's hash."""
    return one.version == which or (len(which) > 6 and (one.commit.startswith(which) or one.model.startswith(which)))


def examine(chosen: list[Dossier], whole: bool) -> None:
    """Add what is wrong with the versions' objects in the remote; their content is read for models, or if `whole`."""
    if not chosen:
        return
    expected = {md5: size for one in chosen for md5, size in one.stored.items()}
    wrong = objects.faults(expected, expected if whole else [one.model for one in chosen])
    for one in chosen:
        one.faults += [f"{one.paths[md5]} {wrong[md5]}" for md5 in one.stored if md5 in wrong]


def summary(one: Dossier) -> str:
    """A version in a line."""
    metric = next((f", {name} {value:.4g}" for name, value in one.metrics.items() if isinstance(value, float)), "")
    where = "".join(f", {each['stage']} now" for each in one.stages if each["now"])
    return f"{one.version} {one.date}, commit {one.commit[:9]}, by {one.by}{metric}{where}."


def chain(one: Dossier, found: Registry) -> list[str]:
    """A version and what it was made from, down to the command that brings back its training rows."""
    tag = f"{found.artifact}@{one.version}"
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in one.metrics.items() if isinstance(value, float))
    rows = next((path for path in one.paths.values() if path.endswith("train.parquet")), "")
    approved = ", ".join(one.approved_by) or "nobody"
    steps = [
        f"{one.version} was registered {one.date} by {one.by}; approved by {approved}; the gate said {one.gate}.",
        *(
            f"{each['date']}: {each['kind']} to {each['stage']} by {each['by']} ({each['tag']})"
            + (f": {each['reason']}" if each["reason"] else "")
            + (", where it is now." if each["now"] else ".")
            for each in one.stages
        ),
        f"Its commit is {one.commit}: `git show {tag}`.",
        f"Its dvc.lock has the hash {one.lock}; its model the hash {one.model}.",
        f"Its metrics: {metrics}.",
        *(f"Its data: {path}, hash {md5}." for path, md5 in one.data.items()),
    ]
    if rows:
        out = f"train-{one.version}.parquet"
        steps.append(f"Its {one.rows} training rows, exactly: `uv run dvc get . {rows} --rev {tag} -o {out}`.")
    return steps


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.audit", description=__doc__)
    parser.add_argument("version", nargs="?", help="a version, or the beginning of a commit's or a model's hash")
    parser.add_argument("--html", metavar="FILE", help="write a page that holds everything")
    run("audit", parser, lambda given: audit(given.version, given.html))
