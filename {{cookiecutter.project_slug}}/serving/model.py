"""The model that is served: models/serving.zip, loaded without scikit-learn, pandas and DVC, running no code."""

from pipeline.form.model import Model, load

__all__ = ["Model", "load"]
