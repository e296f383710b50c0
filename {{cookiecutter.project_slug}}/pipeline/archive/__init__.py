"""The fitted model: what it has beyond scikit-learn, its predictions, and its file, which runs no code when loaded."""
