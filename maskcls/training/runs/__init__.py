"""Runs that people start: a folder each, a process of its own, a model version in the end."""
