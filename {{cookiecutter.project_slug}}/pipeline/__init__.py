"""The stages of dvc.yaml: the same input files give the same output files; nothing here uses Git or the network."""

import gc
import time

STARTED = time.time_ns()  # before the code of any stage is read
# The libraries create a million long-lived objects; scanning them for garbage takes a third of a stage's start-up time
gc.set_threshold(100_000, 50, 50)
