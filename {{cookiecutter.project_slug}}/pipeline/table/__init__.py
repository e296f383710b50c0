"""Reading the raw table and converting it to the types of the contract."""
