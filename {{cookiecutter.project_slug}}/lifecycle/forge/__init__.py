"""GitHub and GitLab, with the standard library alone."""
