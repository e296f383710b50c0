"""The gate's settings, and the verdict on the change of one metric: pass, inconclusive or fail."""

import operator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.project import Block, Contract, check, parse_yaml

if TYPE_CHECKING:
    from lifecycle.review.bootstrap import Change

PASS, INCONCLUSIVE, FAIL = "pass", "inconclusive", "fail"
POWER = 0.8  # the probability with which the minimum detectable change would be detected
VERDICTS = [PASS, INCONCLUSIVE, FAIL]  # from best to worst
NOT_SHARED = (
    ". Another split (params.yaml, block prepare) moves rows to the other side. A person can promote such a change "
    "with `--skip-comparison --reason WHY`."
)


class Metric(Block):
    """`floor`, `ceiling`: a number, or the baseline's value; `drop`: the allowed drop, a number or a share (5%)."""

    better: Literal["higher", "lower"]
    floor: float | Literal["baseline"] | None = None
    ceiling: float | Literal["baseline"] | None = None
    drop: Annotated[float, Field(ge=0)] | Annotated[str, Field(pattern=r"^\d+(\.\d+)?%$")] | None = None

    @property
    def limited(self) -> bool:
        return (self.floor, self.ceiling, self.drop) != (None, None, None)

    def allowed_drop(self, old: float) -> float | None:
        """The allowed drop in the metric's own unit."""
        if isinstance(self.drop, str):
            return abs(old) * float(self.drop.rstrip("%")) / 100
        return self.drop


class Gate(Block):
    """The metrics' limits; `slices`: columns whose values with `slice_rows` or more test rows are each compared.

    `most_models`: more models than this on the same test rows make the verdict inconclusive.
    """

    metrics: dict[str, Metric] = Field(min_length=1)
    slices: list[str] | Literal["all"]
    slice_rows: int = Field(ge=10)
    most_models: int | None = Field(default=None, ge=1)
    confidence: float = Field(gt=0.5, lt=1)
    draws: int = Field(ge=100)
    seed: int = Field(ge=0, lt=2**32)


class Reproduce(Block):
    """`tolerance`: how far values of another processor may differ, relative, or absolute below 1.

    `may_vary`: outputs of an unknown format whose bytes may differ.
    """

    tolerance: float = Field(ge=0, lt=0.1)
    may_vary: list[str] = []


def reproduce(revision: str) -> Reproduce:
    """The block `reproduce` of params.yaml at a commit: the base's, so that no change can loosen it."""
    where = f"params.yaml of {revision[:9]}"
    block = parse_yaml(commits.show(revision, "params.yaml"), where).get("reproduce")
    return check(Reproduce, block, f"{where}, block reproduce,")


def gate(parameters: dict[str, Any], where: str) -> Gate:
    if "gate" not in parameters:
        raise LifecycleError(f"{where} has no block gate: copy it from the template's params.yaml.")
    return check(Gate, parameters["gate"], f"{where}, block gate,")


def categories(contract: Contract) -> list[str]:
    """The features that `slices: all` means."""
    return [name for name, column in contract.features.items() if column.type in ("category", "boolean")]


def broken_limits(name: str, metric: Metric, value: float, baseline: dict[str, float]) -> list[str]:
    messages = []
    table = (("floor", metric.floor, "below", operator.lt), ("ceiling", metric.ceiling, "above", operator.gt))
    for kind, limit, side, beyond in table:
        if limit is None:
            continue
        if limit == "baseline" and name not in baseline:
            raise LifecycleError(f"the {kind} of {name} is the baseline, but reports/intervals.json has no baseline.")
        bound = baseline[name] if limit == "baseline" else float(limit)
        if beyond(value, bound):
            origin = " (baseline)" if limit == "baseline" else ""
            messages.append(f"{name} {value:.4g} is {side} its {kind} {bound:.4g}{origin}")
    return messages


def evidence(better: str, change: "Change") -> str:
    """better, worse or none; changed, if the gate does not say which direction is better."""
    if change.low <= 0 <= change.high:
        return "none"
    if not better:
        return "changed"
    return "better" if (change.low > 0) == (better == "higher") else "worse"


def judge(
    name: str, metric: Metric | None, change: "Change", settings: Gate, rows: int, overall: float | None = None
) -> dict[str, str]:
    """Evidence, verdict and the reason for it.

    `overall`: for a slice, the old value over all rows, of which the drop is a share; a slice passes, however wide its
    interval, if its own change is within the allowed drop.
    """
    better = metric.better if metric else ""
    result = {"evidence": evidence(better, change), "verdict": PASS, "why": ""}
    drop = metric.allowed_drop(change.old if overall is None else overall) if metric else None
    if drop is None:
        return result
    sign = 1 if better == "higher" else -1
    gain, low, high = sign * (change.new - change.old), *sorted((sign * change.low, sign * change.high))
    moved = f"{name} went from {change.old:.4g} to {change.new:.4g}"
    if high < -drop:
        why = f"the {settings.confidence * 100:g} % interval lies entirely beyond the allowed drop of {drop:.4g}"
        return result | {"verdict": FAIL, "why": f"{moved}: {why}"}
    if low < -drop and (overall is None or gain < -drop):
        why = f"inconclusive, with {rows} test rows a loss of more than {drop:.4g} cannot be ruled out"
        return result | {"verdict": INCONCLUSIVE, "why": f"{moved}: {why}"}
    return result
