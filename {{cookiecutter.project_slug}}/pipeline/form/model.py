"""The serving form as a model: loaded from models/serving.zip, it predicts rows as pipeline/predictions.py does."""

import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pipeline.contract.schema import check_contract
from pipeline.form.golden import Prediction, difference, typed
from pipeline.form.inputs import Row, Words, matrix, reader
from pipeline.form.margins import LINKS, Margins, linear_margins, tree_margins
from pipeline.form.packed import array, unpack
from pipeline.form.spec import Form
from pipeline.form.words import PARTS, Scores
from pipeline.run.errors import reason
from pipeline.run.settings import check

FORMAT = 1
LINEAR = {"categories": 2, "fill": 1, "mean": 1, "scale": 1, "slope": 2, "start": 1}  # arrays and their dimensions


class Model:
    """What a service needs of a model."""

    def __init__(self, form: Form, parts: dict[str, bytes]) -> None:
        self.form, self.kind, self.contract = form, form.kind, check_contract(form.contract, "its contract")
        self.archive, self.golden = form.archive, list(zip(form.golden, form.predictions, strict=True))
        target = self.contract.columns[self.contract.target]
        self.classes: list[str] = list(target.values or []) if self.contract.task == "classification" else []
        self._readers = [reader(given) for given in form.inputs]
        self._words = [(words.column, _scores(words, parts)) for words in form.words]
        places = {label: place for place, label in enumerate(form.known)}
        self._places = [places.get(label, len(places)) for label in self.classes]
        self._keys = ["predicted", *(f"p({label})" for label in self.classes)]
        self._link = LINKS[form.link] if form.link else None
        width = len(form.inputs) + sum(words.count for words in form.words)
        self._margins = _margins(form, parts, width)

    def predict(self, rows: list[Row]) -> list[Prediction]:
        """`predicted` and, for classes, the probability of each: `p(class)`; the rows keep the contract."""
        if not rows:
            return []
        numbers = matrix([read(rows) for read in self._readers], len(rows))
        for column, scores in self._words:
            numbers = np.hstack([numbers, [scores.score(row.get(column)) for row in rows]])  # type: ignore[arg-type]
        found = self._link(self._margins(numbers))  # type: ignore[misc]
        if not self.classes:
            return [{"predicted": value} for value in found[:, 0].tolist()]
        shares = np.column_stack([found, np.zeros(len(rows))])[:, self._places]
        best, classes, keys = shares.argmax(axis=1).tolist(), self.classes, self._keys
        return [dict(zip(keys, [classes[place], *line])) for place, line in zip(best, shares.tolist())]

    def verify(self) -> None:
        """Raise ValueError if the golden rows are predicted otherwise than they were recorded."""
        now = self.predict([typed(row, self.contract) for row in self.form.golden])
        for number, (old, new) in enumerate(zip(self.form.predictions, now)):
            if name := difference(old, new):
                raise ValueError(f"golden row {number}: {name} is {new.get(name)}, recorded was {old.get(name)}.")


class ArchivedModel(Model):
    """A person's own kind of model, which needs scikit-learn and pandas: slower."""

    def __init__(self, form: Form, parts: dict[str, bytes]) -> None:
        from pipeline.archive import model_file

        super().__init__(form, parts)
        with tempfile.NamedTemporaryFile(suffix=".skops") as file:
            file.write(parts["model.skops"])
            file.flush()
            self._fitted = model_file.load(file.name)

    def predict(self, rows: list[Row]) -> list[Prediction]:
        """As Model.predict."""
        from pipeline.form.frame import table
        from pipeline.predictions import predict
        from pipeline.run.threads import threads

        with threads(len(rows)):
            found = predict(self._fitted, table(rows, self.contract), self.contract) if rows else None
        return [] if found is None else found.to_dict("records")


def load(path: Path) -> Model:
    """The model in a file; raises ValueError with one sentence, and runs no code of the file."""
    try:
        spec, parts = unpack(path)
        if spec.get("format") != FORMAT:
            raise ValueError(f"it has format {spec.get('format')}, this code reads {FORMAT}")
        form = check(Form, spec, "form.json")
        for name, written in form.libraries.items():
            if (installed := version(name)) != written:
                raise ValueError(f"{name} {written} wrote it, {installed} is installed: run `uv sync` or `dvc repro`")
        return (ArchivedModel if form.kind == "archive" else Model)(form, parts)
    except Exception as error:  # whatever a broken file makes a parser raise
        raise ValueError(f"{path} cannot be served: {reason(error)}.") from None


def _scores(words: Words, parts: dict[str, bytes]) -> Scores:
    scores = Scores(**{part: array(parts[f"{words.name}.{part}.npy"], size) for part, size in PARTS.items()})
    if len(scores.constant) != words.count:
        raise ValueError("the slopes of a free text do not fit its numbers")
    return scores


def _margins(form: Form, parts: dict[str, bytes], width: int) -> Margins | None:
    if form.kind == "archive":
        return None
    if form.kind == "trees":
        return tree_margins(parts["trees.bin"], width)
    return linear_margins(**{name: array(parts[f"{name}.npy"], size) for name, size in LINEAR.items()})
