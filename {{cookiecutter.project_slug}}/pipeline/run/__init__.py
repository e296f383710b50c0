"""What every stage needs: its settings, the check of its inputs and environment, threads and file formats."""
