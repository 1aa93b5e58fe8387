"""The app's entrance: which pages there are, and what all of them share."""

from pathlib import Path

# Before TensorFlow, which a GPU brings in: loaded after it, the encryption of video connections meets TensorFlow's own
# cryptography under the same names, and the process ends.
import pylibsrtp  # noqa: F401
import streamlit as st

from maskcls.ui import entrance, sidebar

# Our own, because Streamlit fetches a Material page icon from elsewhere.
LOGO = Path(__file__).parent / "maskcls" / "ui" / "logo.svg"

st.set_page_config(page_title="maskcls", page_icon=str(LOGO), layout="wide")
st.logo(str(LOGO), size="large")

photos = st.Page(
    "pages/photos.py",
    title="Photos",
    icon=":material/photo_camera:",
    url_path="photos",
    help="Find every face in a picture and see whether a mask is worn, how sure that is, and why.",
)
live = st.Page(
    "pages/live.py",
    title="Live",
    icon=":material/videocam:",
    url_path="live",
    help="The webcam, and video files, with every face's verdict as it happens.",
)
explain = st.Page(
    "pages/explain.py",
    title="Explain",
    icon=":material/lightbulb:",
    url_path="explain",
    help="Why the model said so, how far that can be trusted, and what its layers learned.",
)
train = st.Page(
    "pages/train.py",
    title="Train",
    icon=":material/school:",
    url_path="train",
    help="Teach it with your own pictures, compare, and put the better one to work.",
)


def home() -> None:
    """Send whoever comes without an address to the first page, which keeps an address of its own that way."""
    st.switch_page(photos)


page = st.navigation([st.Page(home, default=True, visibility="hidden"), photos, live, explain, train])
entrance.note()
if page.url_path:
    st.title(page.title, anchor=False)
    sidebar.show_model()
page.run()
