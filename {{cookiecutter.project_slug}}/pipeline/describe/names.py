"""The words in a column's name."""

import re


def words(name: str) -> set[str]:
    """The words in lower case: of `order_month`, `OrderMonth`, `order month`."""
    return {*listed(name)}


def listed(name: str) -> list[str]:
    """The words in lower case, in their order."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[\W_]+", apart) if word]
