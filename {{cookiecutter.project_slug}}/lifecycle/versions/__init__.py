"""What promote, rollback, audit and clean rest on: versions and stages as Git tags, objects in the remote."""
