"""How pictures come in: files, the camera, samples. Each way ends on the session's desk."""

import hashlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from maskcls import images, samples
from maskcls.ui.desk import MAX_PICTURES, desk

TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "avif", "heic", "heif"]
_MEGABYTES = images.MAX_BYTES // 10**6
_THUMBNAIL_PX = 240
_CAMERA_PX = 560
_BOX = "upload"

UPLOAD = ":material/upload: Upload"
CAMERA = ":material/photo_camera: Camera"


def show() -> None:
    """Show the ways to bring pictures in."""
    files, camera = st.tabs([UPLOAD, CAMERA], key="input_tabs", on_change="rerun")
    with files:
        _uploader()
    # The camera starts, and the browser asks for it, only when somebody opens its tab.
    if camera.open:
        with camera:
            _camera()
    st.caption(
        ":material/lock: Pictures stay in this server's memory and are gone when your session ends. Up to "
        f"{MAX_PICTURES} at once, {_MEGABYTES} MB and {images.MAX_PIXELS // 10**6} megapixels each."
    )


def show_samples(place: str) -> None:
    """Show the samples with a button each.

    Args:
        place: Where on the page, for the buttons' keys.
    """
    with st.grid("auto", min_column_width=130):
        for name in samples.names():
            with st.container(gap="xsmall", key=f"{place}_{name}"):
                # Decorative: the button below says what it is.
                st.image(_thumbnail(name), width="stretch", alt="")
                st.button(
                    samples.title(name),
                    key=f"{place}_sample_{name}",
                    on_click=_take_sample,
                    args=(name,),
                    width="stretch",
                )
    st.caption("Eileen Collins, photographed by NASA (public domain). The masks are drawn.")


def _uploader() -> None:
    st.file_uploader(
        "Pictures",
        TYPES,
        accept_multiple_files=True,
        key=box_key(_BOX),
        max_upload_size=_MEGABYTES,
        label_visibility="collapsed",
        on_change=_take_files,
    )


def _take_files() -> None:
    files = st.session_state[box_key(_BOX)]
    desk().add((file.name, _bounded(file)) for file in files)
    # They are on the desk now.
    empty_box(_BOX, files)


def box_key(name: str) -> str:
    """Return the key of the file uploader `name`: another one after each `empty_box`."""
    return f"{name}_{st.session_state.setdefault(_round(name), 0)}"


def empty_box(name: str, files: Sequence[UploadedFile]) -> None:
    """Empty the file uploader `name` and make Streamlit forget its files, which it holds till the session ends."""
    st.session_state[_round(name)] += 1
    context = get_script_run_ctx()
    if context is None:
        return
    held: Any = context.uploaded_file_mgr
    for file in files:
        held.remove_file(session_id=context.session_id, file_id=file.file_id)


def _round(name: str) -> str:
    return f"{name}_round"


def _bounded(file: UploadedFile) -> bytes:
    """Return the file's bytes, or one more than is allowed: enough for `images.read` to refuse it, with its size."""
    return file.getvalue() if file.size <= images.MAX_BYTES * 2 else bytes(images.MAX_BYTES + 1)


def _camera() -> None:
    st.camera_input(
        "Take a picture",
        key="camera",
        label_visibility="collapsed",
        resolution="720p",
        on_change=_take_snapshot,
        width=_CAMERA_PX,
    )
    st.caption("No picture? Allow the camera in the browser; it needs https or localhost. Uploading always works.")


def _take_snapshot() -> None:
    snapshot = st.session_state.get("camera")
    if snapshot is not None:
        data = _bounded(snapshot)
        desk().add([(f"Snapshot {hashlib.sha256(data).hexdigest()[:4]}.jpg", data)])


def _take_sample(name: str) -> None:
    desk().add([(f"{samples.title(name)}.png", _sample_file(name))])


@st.cache_data(max_entries=16, show_spinner=False)
def _sample_file(name: str) -> bytes:
    return images.encode(samples.load(name))


@st.cache_data(max_entries=16, show_spinner=False)
def _thumbnail(name: str) -> bytes:
    """Return the sample as a small square."""
    image_rgb = samples.load(name)
    height, width = image_rgb.shape[:2]
    if width > height:  # a row of faces: half of them below the others
        half = width // 2
        image_rgb = np.concatenate([image_rgb[:, :half], image_rgb[:, half : 2 * half]])
    small = cv2.resize(image_rgb, (_THUMBNAIL_PX, _THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    return images.encode(small, suffix=".jpg")
