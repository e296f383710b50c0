"""The model file of the default model leaves out what only training needs."""

from pathlib import Path

import numpy as np

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract.schema import Contract
from pipeline.model import Train
from pipeline.train import train
from tests.conftest import Sides


def test_model_file_has_no_bins_of_numbers(
    sides: Sides, contract: Contract, train_settings: Train, tmp_path: Path
) -> None:
    """The file leaves out what only training needs, the fitted model keeps it, and the predictions are the same."""
    fitted = train(sides[0], contract, train_settings.model_copy(update={"model": "boosting"}))
    path = str(tmp_path / "model.skops")
    model_file.save(fitted, path)
    stored = model_file.load(path)
    mapper, numbers = stored[-1]._bin_mapper, fitted[-1]._bin_mapper.is_categorical_ == 0
    assert len(fitted[-1]._bin_mapper.bin_thresholds_) == len(numbers) >= len(mapper.bin_thresholds_)
    assert sum(len(edges) for edges, number in zip(mapper.bin_thresholds_, numbers) if number) == 0
    before, after = (predict(model, sides[1], contract) for model in (fitted, stored))
    np.testing.assert_array_equal(before.to_numpy(), after.to_numpy())
