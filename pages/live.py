"""Live: the webcam, and video files."""

import streamlit as st

from maskcls.analysis import Settings
from maskcls.errors import SettingsError
from maskcls.ui import camera_check, entrance, keep_face, models, sidebar, video_file, webcam
from maskcls.ui.words import plain

entrance.required()

st.caption("See yourself, or a video, with every face's verdict as it happens.")
camera, file = st.tabs(
    [":material/videocam: Webcam", ":material/movie: Video file"], key="live_tabs", on_change="rerun"
)
score = sidebar.min_score()
at_work = models.at_work_or_stop()

if file.open:
    with file:
        video_file.show(at_work, Settings(score))
else:
    with camera:
        mine = webcam.stream(at_work)
        picture, beside = st.columns([3, 2], gap="medium")
        numbers = beside.container()
        with beside:
            mine.show(webcam.view(score))
        with picture:
            try:
                state = webcam.video(mine)
            except SettingsError as error:
                state = "idle"
                st.error(plain(str(error)), title="No connection can be made", icon=":material/error:")
            st.page_link("pages/photos.py", label="Take a snapshot or upload pictures instead")
            st.caption(
                ":material/lock: The video goes to this server, is looked at in its memory and comes straight back. "
                "Nothing is kept unless you keep a face."
            )
            with st.expander("No video?", icon=":material/troubleshoot:"):
                camera_check.show()
            with st.expander("Keep a face for teaching", icon=":material/bookmark:"):
                keep_face.show(mine, at_work.classifier.card.classes)
        with numbers:
            webcam.numbers(mine, state=state)
