"""Networks that people can train, one file each."""
