"""The data contract (data/schema.yaml): what every column of the raw table is."""
