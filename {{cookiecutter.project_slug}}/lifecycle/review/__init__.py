"""The comparison of two versions: reproduced files, and metrics by a paired bootstrap."""
