"""The app's entrance: which pages there are, and what all of them share."""

import streamlit as st

from maskcls.ui import sidebar

st.set_page_config(page_title="maskcls", page_icon=":material/masks:", layout="wide")

page = st.navigation(
    [
        st.Page(
            "pages/photos.py",
            title="Photos",
            icon=":material/photo_camera:",
            url_path="photos",
            default=True,
            help="Find every face in a picture and see whether a mask is worn, how sure that is, and why.",
        ),
    ]
)

st.title(page.title)
page.run()
sidebar.show_model()
