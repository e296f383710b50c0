"""How many threads a computation takes; the results are the same with any number of them."""

from threadpoolctl import threadpool_limits

SMALL = 10_000  # rows below which threads cost more than they save, and ten times more on a busy machine


def threads(rows: int) -> threadpool_limits:
    """A context with one thread for BLAS, whose sums differ in their last bits, and for small tables one for all."""
    return threadpool_limits({"blas": 1, "openmp": 1} if rows < SMALL else {"blas": 1})
