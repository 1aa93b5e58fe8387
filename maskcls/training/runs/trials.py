"""The trials of a search as a table, from what its run says: no database is asked."""

from typing import Any

from maskcls.training.runs.run import ACTIVE, Run

# How a trial stands. What was pruned was given up for doing worse than others; what was stopped is no result.
UNDER_WAY, COMPLETE, PRUNED, TRIAL_FAILED, TRIAL_STOPPED = "running", "complete", "pruned", "failed", "stopped"


def trials_of(run: Run) -> list[dict[str, Any]]:
    """Return the trials of a search by their numbers, other machines' among them.

    Returns:
        Of each `number`, `state` (running, complete, pruned, failed or stopped), `value` (the lowest calibrated loss on
        validation faces; of one that was pruned the last; else None), `params` (by names of `space.VARIABLE`),
        `seconds`, `ours` (whether this run made it), and where there are any `accuracy`, `macro_f1` and `error`.
    """
    last = {line["number"]: line for line in run.progress.lines() if line["kind"] == "trial"}
    active = run.state in ACTIVE
    return [_row(last[number], active=active) for number in sorted(last)]


def _row(line: dict[str, Any], *, active: bool) -> dict[str, Any]:
    row = {name: value for name, value in line.items() if name not in ("kind", "at")}
    # Its process was killed before it could say so.
    return row | {"state": TRIAL_STOPPED} if row["state"] == UNDER_WAY and not active else row
