"""Working through the pictures on the desk, with what there is to see meanwhile."""

import time

import streamlit as st

from maskcls.analysis import Settings
from maskcls.ui.desk import Desk, Models, Result
from maskcls.ui.words import plain

_RESULTS_PX = 520
# Less is not worth a number.
_LEFT_S = 2


def analyse_all(desk: Desk, models: Models, settings: Settings) -> dict[str, Result]:
    """Return the result for each picture, by its key, showing how far it is while anything is left to do.

    Raises:
        MaskclsError: The model cannot answer.
    """
    waiting = [one for one in desk.pictures.values() if desk.known(one, models, settings) is None]
    # The bar says something for several pictures only; the skeleton holds the place for what comes.
    bar = st.progress(0.0, " ") if len(waiting) > 1 else None
    if waiting:
        st.skeleton(height=_RESULTS_PX)
    started = time.monotonic()
    for done, one in enumerate(waiting):
        if bar is not None:
            soon = _left(done, len(waiting), time.monotonic() - started)
            bar.progress(done / len(waiting), f"{done + 1} of {len(waiting)}: {plain(one.name)}{soon}")
        desk.analyse(one, models, settings)
    return {one.key: desk.analyse(one, models, settings) for one in desk.pictures.values()}


def _left(done: int, count: int, passed_s: float) -> str:
    left_s = passed_s / done * (count - done) if done else 0
    return f" · about {left_s:.0f} s left" if left_s > _LEFT_S else ""
