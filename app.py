"""The app's entrance: which pages there are, and what all of them share."""

from pathlib import Path

import streamlit as st

from maskcls.ui import sidebar

# Our own, because Streamlit fetches a Material page icon from elsewhere.
LOGO = Path(__file__).parent / "maskcls" / "ui" / "logo.svg"

st.set_page_config(page_title="maskcls", page_icon=str(LOGO), layout="wide")
st.logo(str(LOGO), size="large")

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

st.title(page.title, anchor=False)
sidebar.show_model()
page.run()
