"""Verbs that look at Git, the network or the clock: before the merge verify, resolve, reproduce, gate and publish."""
