"""Run `python -m maskcls`."""

from maskcls.cli import main

main(prog_name="python -m maskcls")
