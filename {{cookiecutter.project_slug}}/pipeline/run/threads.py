"""How many threads a computation uses; the results are the same with any number of them."""

from threadpoolctl import threadpool_limits

SMALL = 10_000  # rows; below this, threads cost more than they save, ten times more on a busy machine


def threads(rows: int | None = None) -> threadpool_limits:
    """A context with one BLAS thread, whose sums differ in the last bits, and one thread in all for small tables."""
    small = rows is not None and rows < SMALL
    return threadpool_limits({"blas": 1, "openmp": 1} if small else {"blas": 1})
