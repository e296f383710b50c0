"""The stages of dvc.yaml: the same files in give the same files out; nothing here looks at Git, network or clock."""

import gc
import time

STARTED = time.time_ns()  # before any code of a stage is read
# The libraries make a million objects that stay: looking for garbage among them takes a third of a stage's start
gc.set_threshold(100_000, 50, 50)
