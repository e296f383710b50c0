"""Categories whose values have a natural order: common scales and ranges of numbers."""

import re
from itertools import pairwise

from pipeline.contract.schema import Column

MOST = 50  # values of a scale
SCALES = """\
very low/lowest,low,medium low,medium/moderate/mid/middle/average/normal/med,medium high,high,
    very high,extreme/critical/urgent/highest
xxxs/3xs,xxs/2xs,xs,s,m,l,xl,xxl/2xl,xxxl/3xl,4xl,5xl
tiny/extra small/very small,small,medium/mid,large/big,very large/extra large/huge
none/absent/no,minimal/trace,mild/light/slight/minor,moderate/medium,severe/heavy/major/serious,
    very severe/critical/extreme,fatal
very poor/terrible,poor/bad,below average,fair/average/acceptable/ok,above average,good,very good,
    premium,excellent/ideal/great,exceptional/outstanding
po,fa,ta,gd,ex
never,rarely/seldom,sometimes/occasionally,often/frequently/usually,always
strongly disagree,disagree,somewhat disagree,neutral/undecided/neither agree nor disagree,
    somewhat agree,agree,strongly agree
very dissatisfied,dissatisfied,neutral,satisfied,very satisfied
very unlikely,unlikely,neutral/possible,likely,very likely
beginner/novice,elementary,intermediate,advanced,expert
junior,middle/mid/intermediate,senior,lead/principal
bronze,silver,gold,platinum,diamond
first,second,third,fourth,fifth
primary,secondary,tertiary
very cold,cold,cool,mild,warm,hot,very hot
child,teen/teenager,young/young adult/youth,adult,middle aged,old/senior/elderly
"""  # a scale a line, from lowest to highest; a step has several words
STEPS = [
    {word: place for place, step in enumerate(scale.split(",")) for word in step.split("/")}
    for scale in SCALES.replace(",\n    ", ",").splitlines()
]
NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?"
RANGE = re.compile(
    r"[\[(]?(?P<below><=?|under |below |less than |up to )?(?P<above>>=?|over |above |more than )?\s*"
    rf"[$\u20ac\u00a3]?(?P<low>{NUMBER})(?P<thousand>[km](?![a-z]))?"
    rf"(?:\s*(?:-|\u2013|to|,|\.\.|and)\s*[$\u20ac\u00a3]?(?P<high>{NUMBER})(?P<thousands>[km](?![a-z]))?)?"
    r"\s*(?P<more>\+|and over|and above|and older|or more|or older|plus)?[\])]?\s*(?P<unit>[a-z%]+)?"
)
FACTORS = {"k": 1e3, "m": 1e6}


def ordered(values: list[str], missing: bool) -> Column | None:
    """A category with its values from lowest to highest, only where that order is sure."""
    order = scale(values) or intervals(values)
    return Column(type="category", role="feature", missing=missing, values=order, ordered=True) if order else None


def scale(values: list[str]) -> list[str] | None:
    """The values in the order of a common scale, if all of them, three or more, are steps of one."""
    plain = [" ".join(re.split(r"[\s_-]+", value.strip().lower())) for value in values]
    for steps in STEPS:
        places = [steps.get(value) for value in plain]
        if len(values) > 2 and None not in places and len({*places}) == len(places):
            return [value for _, value in sorted(zip([place or 0 for place in places], values))]
    return None


def intervals(values: list[str]) -> list[str] | None:
    """The values in the order of their numbers, if they are ranges that do not overlap, such as 18-25 and 65+."""
    matches = [RANGE.fullmatch(value.strip().lower()) for value in values[: MOST + 1]]
    if len(values) > MOST or None in matches:
        return None
    found = [match for match in matches if match]
    limits = sorted((*_limits(match), value) for match, value in zip(found, values))
    wide = sum(low < high for low, high, _ in limits)
    apart = all(one[1] <= two[0] and one[0] < two[1] for one, two in pairwise(limits))
    units = {match["unit"].rstrip("s") for match in found if match["unit"]}
    return [value for *_, value in limits] if wide > 1 and apart and len(units) < 2 else None


def _limits(match: re.Match[str]) -> tuple[float, float]:
    factor = FACTORS.get(match["thousand"] or match["thousands"] or "", 1)
    low = float(match["low"].replace(",", "")) * factor
    if match["below"]:
        return float("-inf"), low
    if match["above"] or match["more"]:
        return low, float("inf")
    high = float(match["high"].replace(",", "")) * FACTORS.get(match["thousands"] or "", 1) if match["high"] else low
    return low, high
