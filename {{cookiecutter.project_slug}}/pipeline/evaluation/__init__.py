"""What evaluate computes and writes: predictions, intervals, importance, golden predictions, the model card."""
