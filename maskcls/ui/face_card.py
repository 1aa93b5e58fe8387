"""The card of one face: crop, verdict, probabilities, heatmap."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from maskcls import images, labels
from maskcls.analysis import heat
from maskcls.face import REASON_WORDS, Face
from maskcls.finder.cut import cut
from maskcls.ui import charts
from maskcls.ui.words import badge, named, plain

HOW_TO_READ = (
    "Heatmaps: the yellower a place, the more it spoke for the class shown; clear places did not speak for it. "
    "Each map is scaled to its own strongest place."
)
_CROP_PX = 288


@st.fragment
def show(
    face: Face,
    image_rgb: np.ndarray,
    *,
    number: int,
    key: str,
    heatmaps: bool,
    drawn: bool = False,
    on_remove: Callable[[], None] | None = None,
) -> None:
    """Show a face. Its switches run only this card again, never the model.

    Args:
        face: What was found.
        image_rgb: The face's crop as from `crop`.
        number: What the face is called in the picture and the table.
        key: Unlike any other card's on the page.
        heatmaps: Whether to show the heatmap.
        drawn: Whether a person drew its box.
        on_remove: What to do when the drawn box is to go.
    """
    with st.container(border=True, height="stretch", gap="small"):
        st.markdown(f"{badge(face.verdict)}")
        st.caption(_facts(face, number, drawn))
        shown = face.label
        if heatmaps:
            shown = _class_shown(face, key)
        _pictures(face, image_rgb, shown, key, number, heatmaps)
        figure = charts.probability_bars(face.probabilities)
        st.plotly_chart(
            figure,
            key=f"bars_{key}",
            config=charts.STILL,
            alt=f"Face {number}: {charts.in_words(face.probabilities)}",
        )
        for reason in face.reasons:
            st.caption(f":material/info: {plain(_sentence(REASON_WORDS.get(reason, reason)))}")
        if on_remove is not None and st.button("Remove", icon=":material/delete:", key=f"remove_{key}"):
            on_remove()
            st.rerun()


def crop(face: Face, image_rgb: np.ndarray) -> np.ndarray:
    """Return the square of the picture that the classifier saw, `(s, s, 3) uint8`, large enough for a card."""
    return cut(image_rgb, np.array([face.crop_xyxy], np.float32), size_px=_CROP_PX)[0]


def _facts(face: Face, number: int, drawn: bool) -> str:
    origin = "drawn by you" if drawn else f"found with {face.score:.0%} confidence"
    return f"Face {number} · {face.face_px:.0f} px · {origin}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _class_shown(face: Face, key: str) -> str:
    names = list(face.probabilities)
    chosen = st.segmented_control(
        "Heatmap of",
        names,
        default=face.label,
        required=True,
        format_func=lambda name: plain(named(name)),
        key=f"class_{key}",
        wrap=True,
    )
    return chosen if chosen in names else face.label


def _pictures(face: Face, image_rgb: np.ndarray, shown: str, key: str, number: int, heatmaps: bool) -> None:
    words = labels.look(face.verdict).words
    if not heatmaps:
        st.image(image_rgb, width=_CROP_PX // 2, output_format="JPEG", alt=f"Face {number}: {words}")
        return
    evidence = heat(face, shown)
    # Above the slider in the page, but the slider's value is needed first.
    places = st.grid(2, wrap=False, min_column_width=60, gap="xsmall")
    opacity = st.slider("Heatmap opacity", 0, 100, 60, 5, format="%d %%", key=f"opacity_{key}")
    places.image(image_rgb, width="stretch", output_format="JPEG", alt=f"Face {number}: {words}")
    places.image(
        images.overlay(image_rgb, evidence, opacity=min(max(opacity, 0), 100) / 100),
        width="stretch",
        output_format="JPEG",
        alt=f"Face {number}: where the evidence for {labels.look(shown).words} lies",
    )
    if not evidence.any():
        st.caption(f"No positive evidence for {plain(labels.look(shown).words)} in this face.")
