"""The model as a file that runs no code when it is loaded."""
