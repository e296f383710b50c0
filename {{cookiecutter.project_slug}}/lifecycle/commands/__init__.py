"""One file per verb, each with `arguments`, which adds its options, and `run`, which returns an Outcome."""
