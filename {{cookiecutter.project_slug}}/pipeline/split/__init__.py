"""What prepare does: splitting the rows, and profiling the training rows."""
