"""GitHub and GitLab as the verbs see them; the standard library only."""
