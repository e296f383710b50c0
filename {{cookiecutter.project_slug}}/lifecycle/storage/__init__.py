"""What DVC stores: dvc.yaml, dvc.lock, the remote, the cache, and the results of a commit."""
