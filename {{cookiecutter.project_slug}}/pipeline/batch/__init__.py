"""Predicting tables of any length with a registered version, and the log of predictions."""
