"""Why the classifier answered as it did."""
