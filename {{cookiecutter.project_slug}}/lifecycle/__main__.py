"""`python3 -m lifecycle VERB`, for jobs that have the standard library alone."""

from lifecycle.cli import main

main()
