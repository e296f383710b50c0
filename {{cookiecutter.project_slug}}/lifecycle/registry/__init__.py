"""The model registry: versions and stages as annotated tags in the formats of GTO."""
