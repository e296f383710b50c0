"""Git: one runner, commits and files, many files at once, and origin."""
