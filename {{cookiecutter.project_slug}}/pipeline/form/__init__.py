"""The serving form of the model: plain data that predicts without scikit-learn and pandas, and runs no code."""
