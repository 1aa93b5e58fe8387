"""From face crops to probabilities and evidence."""
