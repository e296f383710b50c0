"""What validate checks beyond the contract."""
