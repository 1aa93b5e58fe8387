"""A run's process whose work is what its settings say: quick to start, and done when the test says so.

`wait`: until there is a file `go` in its folder, or somebody cancels it. `call`: the same, with a program that outlives
it and gets all that a program can get. `query`: the same, while it asks for the name of the GPU.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from maskcls.engines import gpu_name
from maskcls.training.runs import job
from maskcls.training.runs.run import CANCELLED, FINISHED, Run


def work(run: Run) -> None:
    what = run.asked["settings"]["do"]
    (run.path / "began").write_text(str(time.time()))
    if what == "call":
        caller = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
        (run.path / "called").write_text(str(caller.pid))
    # Last, and at once: who waits for it finds the rest.
    (run.path / "draft").write_text(f"{os.getpid()} {os.getsid(0)}")
    (run.path / "draft").rename(run.path / "process")
    if what == "query":
        gpu_name()
    while not (run.path / "go").exists() and not run.is_cancelled():
        time.sleep(0.01)
    run.finish({"did": what}, CANCELLED if run.is_cancelled() else FINISHED)


if __name__ == "__main__":
    job._do, job._LOOK_S = work, 0.05
    sys.exit(job.main(Path(sys.argv[1]), int(sys.argv[2])))
