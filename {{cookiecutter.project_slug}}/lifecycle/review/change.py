"""The report on a change: verdict, metrics, and what else differs between two versions."""

from typing import Any

from lifecycle import code
from lifecycle.errors import LifecycleError
from lifecycle.review.history import evaluated, remarks
from lifecycle.review.limits import FAIL, INCONCLUSIVE, PASS, VERDICTS, Gate
from lifecycle.review.thresholds import changed, check_metrics, limit_faults, notes, thresholds
from lifecycle.storage.version import Version

READ_FIRST = "This change edits {}, so merge the code first, and the results in a second request."
CONFIGURED = "lifecycle/", "pipeline/"


def review(new: Version, old: Version | None, left: str | None, limits: str | None, direct: bool) -> dict[str, Any]:
    """The report on `new`, compared with `old`.

    `left`: the commit where the change left its base; `limits`: the commit whose limits apply; `direct`: two versions
    are compared whose changes were reviewed one by one.
    """
    edited = [] if direct or left is None else code.edited(left, new.commit)
    try:
        settings, gate = thresholds(limits, new, any(name.startswith(CONFIGURED) for name in edited))
        report: dict[str, Any] = {
            "base": old.commit if old else None,
            "head": new.commit,
            "gate": gate,
            "edited": edited,
        }
        report |= compare(settings, old, new)
    except LifecycleError as error:
        if readers := [name for name in edited if name.startswith(CONFIGURED)]:
            raise type(error)(f"{error} {READ_FIRST.format(', '.join(readers[:3]))}") from None
        raise
    messages = notes(settings, new, old, direct)
    report["models"] = count = evaluated(new, limits)
    if settings.most_models and count > settings.most_models:
        limit = f"gate.most_models is {settings.most_models}"
        messages.append(f"{count} models were evaluated on these test rows, {limit}: add new test rows to decide.")
    report["verdict"] = worst(report["verdict"], INCONCLUSIVE if messages else PASS)
    if edited:
        more = f" and {len(edited) - 3} more" if len(edited) > 3 else ""
        files = f"{', '.join(edited[:3])}{more}"
        messages = [*messages, f"This change edits files that check changes; the base's were used: {files}."]
    report["messages"] = [*report["messages"], *messages, *remarks(count, report["metrics"], settings)]
    return report


def worst(*verdicts: str) -> str:
    return max(verdicts, key=VERDICTS.index)


def compare(settings: Gate, old: Version | None, new: Version) -> dict[str, Any]:
    report: dict[str, Any] = {}
    if old is not None:
        report = {
            "parameters": changed(without_gate(old), without_gate(new)),
            "libraries": changed(old.libraries, new.libraries),
            "data": changed(old.data, new.data),
        }
        if old.file("predictions.parquet").md5 == new.file("predictions.parquet").md5 and old.scores == new.scores:
            rows, before = (int(version.intervals["test_rows"]) for version in (new, old))
            check_metrics(settings, new.scores, "metrics.json")
            faults = limit_faults(settings, rows, before, new.scores, new.intervals.get("baseline") or {})
            same = "The predictions are identical, row by row."
            verdict = FAIL if faults else PASS
            return report | {"messages": [*faults, same], "verdict": verdict, "metrics": values(settings, new)}
    from lifecycle.review import verdict as by_predictions  # takes half a second

    return report | by_predictions.compare(settings, old, new)


def without_gate(version: Version) -> dict[str, Any]:
    """The parameters without the gate, whose changes are shown separately."""
    return {name: block for name, block in version.parameters.items() if name != "gate"}


def values(settings: Gate, new: Version) -> list[dict[str, Any]]:
    names = dict.fromkeys([*settings.metrics, *new.scores])
    return [{"name": name, "new": new.scores[name]} for name in names if isinstance(new.scores.get(name), float)]
