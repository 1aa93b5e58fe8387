"""A video file on a page: uploading, waiting, and what came out."""

import pandas as pd
import streamlit as st

from maskcls import report
from maskcls.analysis import Settings
from maskcls.errors import MaskclsError
from maskcls.ui import charts, downloads, upload
from maskcls.ui.desk import Models
from maskcls.ui.words import plain
from maskcls.video.files import faces_in
from maskcls.video.job import Job
from maskcls.video.reading import MAX_BYTES, MAX_SECONDS, SUFFIXES

_KEY = "video_job"
_BOX = "video"
_REFRESH_S = 0.5


def show(models: Models, settings: Settings) -> None:
    """Show the uploader, or the video at work, or its result.

    Args:
        models: Find and judge the faces.
        settings: Of the next video.
    """
    job: Job | None = st.session_state.get(_KEY)
    if job is None:
        _uploader(models, settings)
    elif job.running:
        st.fragment(_progress, run_every=_REFRESH_S)(job)
    else:
        _result(job)


def _uploader(models: Models, settings: Settings) -> None:
    megabytes = MAX_BYTES // 10**6
    file = st.file_uploader(
        "A video",
        [suffix.removeprefix(".") for suffix in SUFFIXES],
        key=upload.box_key(_BOX),
        max_upload_size=megabytes,
        label_visibility="collapsed",
    )
    st.caption(
        f":material/lock: MP4, MOV, WebM, MKV or AVI, up to {megabytes} MB and {MAX_SECONDS // 60} minutes. The file "
        "lies on this server's disk while you look at it, and is deleted when you are done or your session ends."
    )
    if file is None:
        return
    try:
        job = Job(file.getbuffer(), file.name, faces_in(models.finder, models.classifier, settings))
    except (MaskclsError, OSError) as error:
        words = str(error) if isinstance(error, MaskclsError) else "The video could not be written to disk."
        st.error(plain(words), icon=":material/error:")
        return
    st.session_state[_KEY] = job
    upload.empty_box(_BOX, [file])
    st.rerun()


def _progress(job: Job) -> None:
    if not job.running:
        st.rerun()
    left = "" if job.left_s is None else f" · about {job.left_s:.0f} s left"
    share = min(1.0, job.done_s / job.total_s) if job.total_s else 0.0
    of = f" of {job.total_s:.0f}" if job.total_s else ""
    st.progress(share, f"{plain(job.name)}: {job.done_s:.0f}{of} s{left}")
    st.button("Cancel", icon=":material/cancel:", key="video_cancel", on_click=job.cancel)


def _result(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(job.name)}**")
        st.button("Another video", icon=":material/restart_alt:", key="video_again", on_click=_forget)
    if job.error is not None:
        st.error(plain(job.error), title="This video cannot be read", icon=":material/broken_image:")
        return
    if job.cancelled or job.outcome is None:
        st.info("Cancelled; nothing was kept.", icon=":material/cancel:")
        return
    outcome = job.outcome
    if outcome.shortened:
        st.warning(plain(outcome.shortened), icon=":material/content_cut:")
    data = job.result.read_bytes()
    st.video(data, format="video/mp4")
    table = report.event_rows(outcome.events)
    with st.container(horizontal=True):
        downloads.button("Annotated video (MP4)", data, "maskcls.mp4", "video/mp4", ":material/movie:")
        events = report.csv_text(table).encode("utf-8-sig")
        icon = ":material/table:"
        downloads.button("Events (CSV)", events, "maskcls-events.csv", "text/csv", icon, disabled=not table)
    if any(outcome.timeline.values()):
        st.markdown("**Faces over time**")
        st.plotly_chart(
            charts.timeline(outcome.timeline), config=charts.STILL, key="video_timeline", alt="Faces over time"
        )
        with st.expander("Who changed verdict when", icon=":material/list:"):
            st.dataframe(pd.DataFrame(table), hide_index=True, alt="Who changed verdict when")
    else:
        st.info("No face was found in this video.", icon=":material/face:")


def _forget() -> None:
    job: Job | None = st.session_state.pop(_KEY, None)
    if job is not None:
        job.close()
