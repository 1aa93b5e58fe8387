"""Which step of the page people are at, and which data set they are working with."""

import streamlit as st

from maskcls.data.datasets import Dataset
from maskcls.errors import DatasetError
from maskcls.training.runs import asking
from maskcls.ui.words import plain

BRING, CHECK, TEACH, WATCH = (
    ":material/add_photo_alternate: Pictures",
    ":material/fact_check: Check",
    ":material/school: Teach",
    ":material/monitoring: Runs",
)
TABS = "train_tabs"
# What is asked for while widgets are drawn already, taken before they are drawn next.
_GO, _SET_NEXT, _RUN_NEXT = "train_go", "train_set_next", "train_run_next"
_SET = "train_set"


def go(step: str) -> None:
    """Go to a step when the page is run next: its tabs are drawn already."""
    st.session_state[_GO] = step


def arrive() -> None:
    """Take the step that was asked for, before the tabs are drawn."""
    if (step := st.session_state.pop(_GO, None)) is not None:
        st.session_state[TABS] = step


def use(name: str) -> None:
    """Work with this data set from now on."""
    st.session_state[_SET_NEXT] = name


def watch(run_id: str) -> None:
    """Go and look at a run."""
    st.session_state[_RUN_NEXT] = run_id
    go(WATCH)


def watched() -> str | None:
    """Return the run that somebody just asked to look at; None when nobody did."""
    return st.session_state.pop(_RUN_NEXT, None)


def pick() -> Dataset | None:
    """Show which data set is worked with, and return it; None, with what to do first, where there is none."""
    names = asking.shelf().names()
    if not names:
        st.info("There are no pictures yet. Bring some first.", icon=":material/add_photo_alternate:")
        if st.button("Bring pictures", key="pick_bring"):
            go(BRING)
            st.rerun()
        return None
    if (wanted := st.session_state.pop(_SET_NEXT, None)) in names:
        st.session_state[_SET] = wanted
    if st.session_state.get(_SET) not in names:
        st.session_state[_SET] = _latest(names)
    name = st.selectbox("Data set", names, key=_SET)
    try:
        return asking.shelf().open(str(name))
    except DatasetError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def _latest(names: list[str]) -> str:
    """Return the data set that was made last; names say nothing of that."""
    shelf = asking.shelf()

    def created(name: str) -> str:
        try:
            return shelf.open(name).about.created
        except DatasetError:
            return ""

    return max(names, key=created)
