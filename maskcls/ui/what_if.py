"""What if: a patch on the face, or a mask that slides down it, and what the model says then."""

import numpy as np
import streamlit as st

from maskcls import drawing
from maskcls.analysis import crop_of, heat, judge_crop
from maskcls.explain import what_if
from maskcls.face import Face
from maskcls.ui import charts, face_card
from maskcls.ui.pick_face import Chosen
from maskcls.ui.words import badge

_SHOWN_PX = 288
_PATCH, _MASK = "Grey patch", "Painted mask"


@st.fragment
def show(chosen: Chosen) -> None:
    """Show the chosen face with something on it, and what the model says of that."""
    how = st.segmented_control(
        "Cover the face with a",
        [_MASK, _PATCH],
        default=_MASK,
        required=True,
        key="what_if_how",
        persist_state="session",
    )
    controls, seen = st.columns([2, 3], gap="medium")
    if how == _PATCH:
        with controls:
            asked, picture = _with_patch(chosen)
        with seen:
            _answer(chosen, asked, picture)
    elif chosen.face.landmarks is None:
        st.info(
            "The mask is painted where eyes, nose and mouth are, which nobody looked for in a box that was drawn. Take "
            "the grey patch, or a face that was found.",
            icon=":material/info:",
        )
    else:
        with controls:
            share = _slid()
        try:
            sizes = (chosen.models.classifier.card.input_px, _SHOWN_PX)
            asked, picture = (
                what_if.with_mask(chosen.image_rgb, chosen.face, share=share, size_px=size_px) for size_px in sizes
            )
        except ValueError:
            st.info("This face is turned too far away for a mask to be painted on it.", icon=":material/info:")
            return
        with controls:
            _answer(chosen, asked, picture)
        with seen:
            _boundary(chosen, share)


def _with_patch(chosen: Chosen) -> tuple[np.ndarray, np.ndarray]:
    """Show where the patch can go; return the face with it, as the classifier and as people see it."""
    x = st.slider("From left to right", 0, 100, 50, 1, format="%d %%", key="what_if_x")
    y = st.slider("From top to bottom", 0, 100, 60, 1, format="%d %%", key="what_if_y")
    size = st.slider("Size", 0, 60, 25, 1, format="%d %%", key="what_if_size")
    crops = (_crop(chosen), face_card.crop(chosen.face, chosen.image_rgb))
    asked, picture = (what_if.with_patch(crop, x=x / 100, y=y / 100, size=size / 100) for crop in crops)
    return asked, picture


def _slid() -> float:
    percent = st.slider(
        "How far the mask has slid down",
        0,
        100,
        25,
        1,
        format="%d %%",
        key="what_if_slid",
        help="0 % covers nose, mouth and chin; at 50 % the nose is bare, at 100 % the mouth too.",
    )
    return percent / 100


def _crop(chosen: Chosen) -> np.ndarray:
    return crop_of(chosen.face, chosen.image_rgb, size_px=chosen.models.classifier.card.input_px)


def _answer(chosen: Chosen, asked: np.ndarray, shown: np.ndarray) -> None:
    answer: Face = judge_crop(chosen.face, asked, chosen.models.classifier)
    st.subheader(badge(answer.verdict), anchor=False)
    with st.grid(2, wrap=False, min_column_width=60, gap="xsmall"):
        st.image(shown, width="stretch", output_format="JPEG", alt="The face with something on it")
        if answer.evidence.size:
            over = drawing.overlay(shown, heat(answer, answer.label), opacity=0.6)
            st.image(over, width="stretch", output_format="JPEG", alt="Where the evidence lies now")
    st.plotly_chart(
        charts.probability_bars(answer.probabilities),
        key="what_if_bars",
        config=charts.STILL,
        alt=charts.in_words(answer.probabilities),
    )


def _boundary(chosen: Chosen, share: float) -> None:
    key = f"what_if_curve_{chosen.key}"
    if key not in st.session_state:
        st.session_state[key] = what_if.slide(chosen.image_rgb, chosen.face, chosen.models.classifier)
    shares, probabilities = st.session_state[key]
    names = list(chosen.face.probabilities)
    st.plotly_chart(
        charts.boundary(shares, {name: probabilities[:, i] for i, name in enumerate(names)}, share),
        key="what_if_boundary",
        config=charts.STILL,
        alt="How likely each class is while the mask slides from the nose to the chin",
    )
    st.caption(
        "The mask slides from covering nose, mouth and chin (left) to the chin alone (right). Where the curves cross "
        "lies what the model takes for the border between worn and partially worn."
    )
