"""What verify, reproduce and gate rest on: versions compared on evidence, and the report."""
