"""Fits what a person would serve, in the environment of a peer: `python peer_model.py PEER TRAIN.parquet FOLDER`."""

import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

TARGET = "bought"


def main() -> None:
    """Histogram gradient boosting with ordinal codes for texts."""
    package, source, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    data = pd.read_parquet(source)
    rows = data[[name for name in data if not name.startswith("__") and name != TARGET]]
    texts = [name for name in rows if not pd.api.types.is_numeric_dtype(rows[name])]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((encoder, texts), remainder="passthrough")
    model = make_pipeline(columns, HistGradientBoostingClassifier(random_state=0)).fit(rows, data[TARGET].astype(str))
    if package == "mlflow":
        import mlflow.sklearn

        mlflow.sklearn.save_model(model, str(folder), serialization_format="cloudpickle")
    else:
        folder.mkdir()
        joblib.dump(model, folder / "model.joblib")


if __name__ == "__main__":
    main()
