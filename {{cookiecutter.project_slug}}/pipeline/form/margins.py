"""From the numbers of rows to margins, and from margins to what is predicted."""

from collections.abc import Callable

import numpy as np

Margins = Callable[[np.ndarray], np.ndarray]


def tree_margins(content: bytes, width: int) -> Margins:
    """The margins of boosted trees; raises ValueError for trees that need other numbers than a row has."""
    import treelite  # half a second, which the linear model does not need
    from treelite.gtil.gtil import GTILConfig, _predict_impl

    trees = treelite.Model.deserialize_bytes(content)
    if trees.num_feature != width or trees.input_type != "float64":
        raise ValueError("its trees do not fit its inputs")
    _check_nodes(trees, width)
    config = GTILConfig("raw", nthread=1)  # made once, since gtil.predict spends a third of a row's time on it

    def margins(numbers: np.ndarray) -> np.ndarray:
        return _predict_impl(trees, numbers, config=config).reshape(len(numbers), -1)

    return margins


def _check_nodes(trees: object, width: int) -> None:
    """Raise ValueError for trees whose nodes lead nowhere or back: prediction would crash, or never end."""
    for number in range(trees.num_tree):  # type: ignore[attr-defined]
        tree = trees.get_tree_accessor(number)  # type: ignore[attr-defined]
        left, right, feature = (tree.get_field(name) for name in ("cleft", "cright", "split_index"))
        inner = np.flatnonzero(left != -1)
        low, high = np.minimum(left[inner], right[inner]), np.maximum(left[inner], right[inner])
        inside = [low > inner, high < len(left), feature[inner] >= 0, feature[inner] < width]
        if not (len(left) and all(part.all() for part in inside)):
            raise ValueError("a tree has nodes that are not in it")


def linear_margins(
    categories: np.ndarray, fill: np.ndarray, mean: np.ndarray, scale: np.ndarray, slope: np.ndarray, start: np.ndarray
) -> Margins:
    """The margins of a linear model; the first numbers of a row are lines of `categories`, which are added."""
    if not (len(fill) == len(mean) == len(scale) == len(slope)):
        raise ValueError("the slopes of its numbers do not fit each other")
    if not categories.shape[1] == slope.shape[1] == len(start):
        raise ValueError("its slopes do not fit its classes")

    def margins(numbers: np.ndarray) -> np.ndarray:
        split = numbers.shape[1] - len(fill)
        added: np.ndarray = categories[numbers[:, :split].astype(np.intp)].sum(axis=1)
        plain = numbers[:, split:]
        plain = (np.where(np.isnan(plain), fill, plain) - mean) / scale
        return added + plain @ slope + start

    return margins


def logistic(margins: np.ndarray) -> np.ndarray:
    """The probabilities of two classes."""
    small = np.exp(-np.abs(margins[:, 0]))
    second = np.where(margins[:, 0] >= 0, 1, small) / (1 + small)
    return np.column_stack([1 - second, second])


def softmax(margins: np.ndarray) -> np.ndarray:
    """The probabilities of classes."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


LINKS: dict[str, Margins] = {
    "logistic": logistic,
    "softmax": softmax,
    "identity": lambda margins: margins,
    "log": np.exp,
}
