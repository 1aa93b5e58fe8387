"""Pictures in, by whatever way they come; checked, grouped, split, changed."""
