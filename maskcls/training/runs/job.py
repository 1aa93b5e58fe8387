"""The process of a run: `python -m maskcls.training.runs.job FOLDER LOCK`. It is started by `Run.start` alone."""

import logging
import os
import sys
import time
import traceback
from pathlib import Path

import cv2

from maskcls.errors import MaskclsError
from maskcls.training.runs.run import CANCELLED, FAILED, RUNNING, SEARCH, Run, Runs

log = logging.getLogger("maskcls.training.runs.job")

_LOOK_S = 0.5


def main(folder: Path, lock: int) -> int:
    """Wait for the run's turn, do what was asked for, and leave a state behind that says how it ended.

    Args:
        folder: The run's.
        lock: Descriptor of the file that says that this process lives.

    Returns:
        The exit status: 0 unless it failed.
    """
    # A program that it calls must not keep the lock when this process is gone.
    os.set_inheritable(lock, False)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    run = Run(folder)
    runs = Runs(folder.parent)
    try:
        # One that is cancelled has its turn too, where there is something to keep.
        while not run.is_cancelled() or run.has_best():
            with runs.turn() as ours:
                if ours and runs.is_next(run):
                    run.say(RUNNING)
                    _do(run)
                    return 0
            time.sleep(_LOOK_S)
        run.say(CANCELLED)
    except MaskclsError as error:
        log.error("%s", error)
        run.say(FAILED, error=str(error))
        return 1
    except BaseException as error:
        traceback.print_exc()
        run.say(FAILED, error=f"It broke off: {type(error).__name__}: {str(error)[:300]}")
        return 1
    return 0


def _do(run: Run) -> None:
    # The network's threads have the cores; OpenCV's would only stand in their way.
    cv2.setNumThreads(1)
    if run.kind == SEARCH:
        from maskcls.training.runs import search

        search.work(run)
    else:
        from maskcls.training.runs import training

        training.work(run)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
