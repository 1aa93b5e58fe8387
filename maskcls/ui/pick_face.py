"""Choosing a model version, a picture and a face to look into."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from maskcls.analysis import Settings
from maskcls.face import Face
from maskcls.registry import Registry
from maskcls.ui import face_card, models, picture, upload
from maskcls.ui.desk import Desk, Models, Picture
from maskcls.ui.words import named, plain

_FACE_PX = 96
_MOST_FACES = 24


@dataclass(frozen=True, eq=False)
class Chosen:
    """What is to be looked into.

    Attributes:
        face: The face.
        image_rgb: Its picture, `(h, w, 3) uint8`.
        models: Who answers.
        version: The classifier's name.
        key: Unlike that of any other face, picture or model.
    """

    face: Face
    image_rgb: np.ndarray
    models: Models
    version: str
    key: str


def show(desk: Desk, settings: Settings) -> Chosen | None:
    """Show what can be chosen among the pictures on the desk and return it; None, said in words, without a face.

    Raises:
        ModelError: The version that was chosen cannot be loaded.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        version = _version()
        with st.popover("Other pictures", icon=":material/add_photo_alternate:"):
            upload.show()
            upload.show_samples("more")
    chosen = models.of_version(version)
    pictures = list(desk.pictures.values())
    results = {one.key: desk.analyse(one, chosen, settings) for one in pictures}
    readable = [one for one in pictures if results[one.key].error is None]
    for one in results.values():
        if one.error is not None:
            st.warning(plain(one.error), icon=":material/broken_image:")
    if not readable:
        return None
    faces = {one.key: [*desk.drawn_faces(one, chosen), *results[one.key].faces][:_MOST_FACES] for one in readable}
    looked_at = picture.pick([(one, faces[one.key]) for one in readable], desk.latest)
    if not faces[looked_at.key]:
        st.info(
            "Choose another picture, lower the confidence of the face finder in the sidebar, or draw a box on the "
            "Photos page.",
            title="No face found",
            icon=":material/person_search:",
        )
        return None
    image_rgb = desk.image(looked_at)
    face = _face(looked_at, faces[looked_at.key], image_rgb)
    place = "_".join(f"{side:.3f}" for side in (*face.box_xyxy, face.score))
    return Chosen(face, image_rgb, chosen, version, f"{chosen.stamp}/{looked_at.content}/{place}")


def _version() -> str:
    registry = Registry()
    names = [version.name for version in registry.versions()]
    at_work = registry.at_work().name
    if at_work not in names:
        names.insert(0, at_work)
    chosen = st.selectbox(
        "Model",
        names,
        names.index(at_work),
        key="explain_version",
        persist_state="session",
        format_func=lambda name: f"{name} (at work)" if name == at_work else name,
        width="stretch",
    )
    return chosen if chosen in names else at_work


def _face(looked_at: Picture, faces: Sequence[Face], image_rgb: np.ndarray) -> Face:
    """Show the faces of a picture with the one that is looked at, and return that one."""
    if len(faces) == 1:
        return faces[0]
    numbers = list(range(1, len(faces) + 1))
    with st.container(horizontal=True, gap="small"):
        for number, face in zip(numbers, faces, strict=True):
            crop_rgb = face_card.crop(face, image_rgb)
            st.image(crop_rgb, width=_FACE_PX, output_format="JPEG", caption=str(number), alt=f"Face {number}")
    picked = st.pills(
        "Face",
        numbers,
        default=1,
        required=True,
        format_func=lambda number: plain(f"{number} {named(faces[number - 1].verdict)}"),
        key=f"face_{looked_at.key}",
        wrap=True,
    )
    return faces[picked - 1] if picked in numbers else faces[0]
