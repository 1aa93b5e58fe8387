"""One picture: annotated, with a card per face, and what to do where the finder missed someone."""

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
import streamlit as st

from maskcls import images
from maskcls.face import Face
from maskcls.ui import draw_box, face_card
from maskcls.ui.desk import Desk, Models, Picture, Result
from maskcls.ui.downloads import annotate
from maskcls.ui.words import counted, plain, verdict_counts

CARDS_PER_PAGE = 12
_CARD_PX = 290
# Tall pictures would push everything else off the screen.
_WIDEST_PX, _TALLEST_PX = 820, 620
_SHARPER = 1.3
_LARGEST_UP = 3.0
# A strip of a few pixels by a million must not grow beyond what a browser, or a JPEG file, can hold.
_LONGEST_PX = 8000


def pick(pictures: Sequence[tuple[Picture, Sequence[Face]]], latest: Sequence[str]) -> Picture:
    """Let people choose which picture to look at, and return it.

    Args:
        pictures: All that could be read, with their faces.
        latest: Keys of those that came together last, which are looked at first.
    """
    if len(pictures) == 1:
        return pictures[0][0]
    by_key = {picture.key: picture for picture, _ in pictures}
    names = {p.key: f"{n}. {images.plain_name(p.name)}" for n, (p, _) in enumerate(pictures, 1)}
    found = {p.key: verdict_counts(faces) or "no face" for p, faces in pictures}
    keys = list(by_key)
    # People come back to what they looked at, unless something newer came.
    if st.session_state.get("picture_latest") != latest or st.session_state.get("picture") not in by_key:
        st.session_state["picture"] = next((key for key in latest if key in by_key), keys[0])
        st.session_state["picture_latest"] = latest
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Previous", icon=":material/chevron_left:", key="picture_previous", on_click=_step, args=(keys, -1))
        st.selectbox(
            "Picture", keys, key="picture", format_func=lambda key: f"{names[key]} — {found[key]}", width="stretch"
        )
        st.button("Next", icon=":material/chevron_right:", key="picture_next", on_click=_step, args=(keys, 1))
    chosen = st.session_state["picture"]
    return by_key.get(chosen, by_key[keys[0]])


def show(picture: Picture, result: Result, desk: Desk, models: Models, *, heatmaps: bool) -> None:
    """Show a picture with its boxes, a card per face, and the tools for a face that was missed."""
    image_rgb = desk.image(picture)
    drawn = desk.drawn_faces(picture, models)
    faces = [*result.faces, *drawn]
    if not faces:
        _no_face(picture, image_rgb, desk)
    _annotated(picture, image_rgb, faces)
    if faces:
        _cards(picture, image_rgb, faces, len(drawn), desk, heatmaps=heatmaps)
    draw_box.show(picture, image_rgb, desk, missed=bool(faces))


def _annotated(picture: Picture, image_rgb: np.ndarray, faces: Sequence[Face]) -> None:
    height, width = image_rgb.shape[:2]
    shown_px = max(60.0, min(_WIDEST_PX, _TALLEST_PX * width / height))
    # The letters on the boxes have their size in pixels of the picture, so it is drawn on at about the size in which it
    # is seen: a small one must not get huge letters, nor a large one tiny ones.
    scale = min(_SHARPER * shown_px / width, _LARGEST_UP, _LONGEST_PX / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    seen = cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    name = images.plain_name(picture.name)
    count = counted(len(faces), "face", "faces") if faces else "no face found"
    st.image(
        annotate(seen, faces, scale=scale),
        width=round(min(shown_px, size[0])),
        output_format="JPEG",
        alt=f"{name}: {count} {verdict_counts(faces)}".strip(),
    )
    st.caption(f"{plain(name)} · {width} × {height} px · {count}")


def _no_face(picture: Picture, image_rgb: np.ndarray, desk: Desk) -> None:
    height, width = image_rgb.shape[:2]
    st.info(
        "Lower the confidence of the face finder in the sidebar, draw a box around a face below, or, if the picture "
        "is nothing but one face, classify all of it.",
        title="No face found",
        icon=":material/person_search:",
    )
    st.button(
        "Classify the whole picture as one face",
        icon=":material/crop_free:",
        key=f"whole_{picture.key}",
        on_click=_draw_whole,
        args=(desk, picture.key, width, height),
    )


def _draw_whole(desk: Desk, key: str, width: int, height: int) -> None:
    desk.draw(key, (0, 0, width, height), (height, width))


def _cards(
    picture: Picture, image_rgb: np.ndarray, faces: Sequence[Face], drawn: int, desk: Desk, *, heatmaps: bool
) -> None:
    if heatmaps:
        st.caption(face_card.HOW_TO_READ)
    pages = -(-len(faces) // CARDS_PER_PAGE)
    # Rendered below the cards, needed before them.
    cards, foot = st.container(), st.container(horizontal_alignment="center")
    page = 1
    if pages > 1:
        page = foot.pagination(pages, key=f"cards_{picture.key}", persist_state="session")
    first = (min(max(page, 1), pages) - 1) * CARDS_PER_PAGE
    found = len(faces) - drawn
    with cards, st.grid("auto", min_column_width=_CARD_PX):
        for index, face in enumerate(faces[first : first + CARDS_PER_PAGE], first):
            by_hand = index >= found
            key = f"{picture.key}_{index}_" + "_".join(f"{side:.0f}" for side in face.box_xyxy)
            face_card.show(
                face,
                face_card.crop(face, image_rgb),
                number=index + 1,
                key=key,
                heatmaps=heatmaps,
                drawn=by_hand,
                on_remove=partial(desk.erase, picture.key, face.box_xyxy) if by_hand else None,
            )


def _step(keys: Sequence[str], by: int) -> None:
    chosen = st.session_state.get("picture")
    index = keys.index(chosen) if chosen in keys else 0
    st.session_state["picture"] = keys[(index + by) % len(keys)]
