"""The gate's settings, and the verdict that they give on one metric's change: pass, look closer or fail."""

from typing import Annotated, Any, Literal

from pydantic import Field

from lifecycle.outcome import CouldNot
from lifecycle.review.change import Change
from pipeline.stage import Block, checked

PASS, CLOSER, FAIL = "pass", "look closer", "fail"
MOVED = (
    ". New columns move rows from side to side, unless params.yaml, prepare.split_on, lists the old ones. A person can "
    "promote such a change: `--unjudged --reason WHY`."
)
WORST = [PASS, CLOSER, FAIL]  # from harmless to grave


class Metric(Block):
    """`floor`, `ceiling`: a number, or the baseline's value; `drop`: the largest loss, a number or a share (5%)."""

    better: Literal["higher", "lower"]
    floor: float | Literal["baseline"] | None = None
    ceiling: float | Literal["baseline"] | None = None
    drop: Annotated[float, Field(ge=0)] | Annotated[str, Field(pattern=r"^\d+(\.\d+)?%$")] | None = None

    @property
    def limited(self) -> bool:
        """Whether the metric can stop a change."""
        return (self.floor, self.ceiling, self.drop) != (None, None, None)

    def largest(self, old: float) -> float | None:
        """The largest drop in the metric's own unit."""
        if isinstance(self.drop, str):
            return abs(old) * float(self.drop.rstrip("%")) / 100
        return self.drop


class Gate(Block):
    """The metrics' limits; `slices`: columns whose groups of `slice_rows` or more test rows are each compared."""

    metrics: dict[str, Metric] = Field(min_length=1)
    slices: list[str] | Literal["all"]
    slice_rows: int = Field(ge=10)
    confidence: float = Field(gt=0.5, lt=1)
    draws: int = Field(ge=100)
    seed: int = Field(ge=0, lt=2**32)


def gate(parameters: dict[str, Any], where: str) -> Gate:
    """The block `gate` of params.yaml; raises CouldNot where there is none, Refused where it is wrong."""
    if "gate" not in parameters:
        raise CouldNot(f"{where} has no block gate: take it from the template's params.yaml.")
    return checked(Gate, parameters["gate"], f"{where}, block gate")


def bounds(name: str, metric: Metric, value: float, baseline: dict[str, float]) -> list[str]:
    """A sentence for the floor or ceiling that the value breaks."""
    said = []
    for kind, limit in (("floor", metric.floor), ("ceiling", metric.ceiling)):
        if limit is None:
            continue
        if limit == "baseline" and name not in baseline:
            raise CouldNot(f"the {kind} of {name} is the baseline, and reports/metrics.json has no baseline for it.")
        bound = baseline[name] if limit == "baseline" else float(limit)
        if value < bound if kind == "floor" else value > bound:
            side = "below" if kind == "floor" else "above"
            said.append(f"{name} {value:.4g} is {side} its {kind} {bound:.4g}" + " (baseline)" * (limit == "baseline"))
    return said


def evidence(better: str, change: Change) -> str:
    """better, worse or no evidence; changed, where the gate does not say which way is better."""
    if change.low <= 0 <= change.high:
        return "no evidence"
    if not better:
        return "changed"
    return "better" if (change.low > 0) == (better == "higher") else "worse"


def judged(name: str, metric: Metric | None, change: Change, whole: float | None = None) -> dict[str, str]:
    """What there is evidence for, the verdict by the largest drop, and why.

    `whole`: for a group of rows, the old value over all rows, of which the drop is a share; the group passes, however
    wide its interval, if its own change lies within the drop.
    """
    better = metric.better if metric else ""
    found = {"evidence": evidence(better, change), "verdict": PASS, "why": ""}
    drop = metric.largest(change.old if whole is None else whole) if metric else None
    if drop is None:
        return found
    sign = 1 if better == "higher" else -1
    gain, low, high = sign * (change.new - change.old), *sorted((sign * change.low, sign * change.high))
    moved = f"{name} went from {change.old:.4g} to {change.new:.4g}"
    if high < -drop:
        worse = f"{moved}, and its whole interval is worse than the {drop:.4g} that may be lost"
        return found | {"verdict": FAIL, "why": worse}
    if low < -drop and (whole is None or gain < -drop):
        unsure = f"{moved}: too few test rows to rule out a loss of more than the {drop:.4g} that may be lost"
        return found | {"verdict": CLOSER, "why": unsure}
    return found
