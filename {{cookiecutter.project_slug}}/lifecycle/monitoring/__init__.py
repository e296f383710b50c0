"""Compares what production saw with what the promoted version was evaluated on."""
