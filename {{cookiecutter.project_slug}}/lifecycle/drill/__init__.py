"""Forged changes and registries, on which every check must say no."""
