"""Train: teach it with your own pictures, watch, compare, and put the better one to work."""

import streamlit as st

from maskcls.errors import MaskclsError
from maskcls.ui import entrance
from maskcls.ui.teach import bring, review, steps, teaching, watching
from maskcls.ui.words import plain

entrance.required()

st.caption("Teach it with your own pictures, compare what comes out with what you had, and put the better one to work.")
steps.arrive()
tabs = st.tabs([steps.BRING, steps.CHECK, steps.TEACH, steps.WATCH], key=steps.TABS, on_change="rerun")
for tab, show in zip(tabs, (bring.show, review.show, teaching.show, watching.show), strict=True):
    if tab.open:
        with tab:
            try:
                show()
            except MaskclsError as error:
                st.error(plain(str(error)), title="This cannot be done", icon=":material/error:")
