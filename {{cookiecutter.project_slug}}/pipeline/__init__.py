"""The stages of dvc.yaml: the same files in give the same files out; nothing here looks at Git, network or clock."""
