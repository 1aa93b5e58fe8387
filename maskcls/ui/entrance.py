"""Every page is entered through `app.py`.

Until `st.navigation` was called once in a process, Streamlit goes by its older rules, where each file in a folder named
`pages` is a page of its own: who opens its address first would get it without anything that `app.py` adds.
"""

import runpy
from contextvars import ContextVar
from pathlib import Path

import streamlit as st

_APP = Path(__file__).resolve().parents[2] / "app.py"
# A run of the app has a thread, and so a context, to itself.
_passed: ContextVar[bool] = ContextVar("passed", default=False)


def note() -> None:
    """Note that this run came through `app.py`, after its `st.navigation`."""
    _passed.set(True)


def required() -> None:
    """Go through `app.py` where this run did not, which runs the page again; the first line of each page."""
    if not _passed.get():
        # Not `st.rerun`, which would drop what people just did on the page.
        runpy.run_path(str(_APP))
        st.stop()
