"""Explain: why the model said so, how far that can be trusted, and what its layers learned."""

import streamlit as st

from maskcls.analysis import Settings
from maskcls.errors import MaskclsError
from maskcls.ui import entrance, inside, pick_face, sidebar, upload, what_if, why
from maskcls.ui.desk import desk
from maskcls.ui.words import plain

entrance.required()

st.caption("Why the model said so, how far that can be trusted, and what its layers learned.")
settings = Settings(sidebar.min_score())
mine = desk()
if not mine.pictures:
    upload.show()
    st.subheader("Or try a sample", anchor=False)
    upload.show_samples("start")
    st.stop()

try:
    chosen = pick_face.show(mine, settings)
    if chosen is None:
        st.stop()
    reason, covered, layers = st.tabs(
        [
            ":material/lightbulb: Why this answer",
            ":material/masks: What if",
            ":material/account_tree: Inside the network",
        ],
        key="explain_tabs",
        on_change="rerun",
    )
    if reason.open:
        with reason:
            why.show(chosen)
    if covered.open:
        with covered:
            what_if.show(chosen)
    if layers.open:
        with layers:
            inside.show(chosen, mine, settings)
except MaskclsError as error:
    st.error(plain(str(error)), title="This cannot be explained", icon=":material/error:")
