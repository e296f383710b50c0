"""Writes the data contract: `python -m pipeline.describe data/raw.csv data/schema.yaml`."""
