"""What describe is not sure of: notes in the contract that begin with DOUBT."""

DOUBT = "doubtful: "
