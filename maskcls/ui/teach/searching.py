"""Letting it search for good settings, and what was tried."""

from typing import Any

from maskcls.training.runs.run import Run


def show_trials(run: Run, lines: list[dict[str, Any]], *, active: bool) -> None:
    """Show what a search has tried so far."""
