"""The card of one face: crop, verdict, probabilities, heatmap."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from maskcls import drawing, labels
from maskcls.analysis import crop_of, heat
from maskcls.explain import regions
from maskcls.face import REASON_WORDS, Face
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
        with st.container(gap="xsmall"):
            st.subheader(badge(face.verdict), anchor=False)
            st.caption(_facts(face, number, drawn))
        # The switches stand below what they change, but are needed first.
        top, foot = st.container(gap="small"), st.container(gap="small")
        if heatmaps:
            with foot:
                shown, opacity = _switches(face, key)
            with top:
                _with_heatmap(face, image_rgb, number, shown=shown, opacity=opacity)
        else:
            top.image(image_rgb, width=_CROP_PX // 2, output_format="JPEG", alt=_alt(face, number))
        top.plotly_chart(
            charts.probability_bars(face.probabilities),
            key=f"bars_{key}",
            config=charts.STILL,
            alt=f"Face {number}: {charts.in_words(face.probabilities)}",
        )
        for reason in face.reasons:
            top.caption(f":material/info: {plain(_sentence(REASON_WORDS.get(reason, reason)))}")
        if on_remove is not None and st.button("Remove", icon=":material/delete:", key=f"remove_{key}"):
            on_remove()
            st.rerun()


def crop(face: Face, image_rgb: np.ndarray) -> np.ndarray:
    """Return the square of the picture that the classifier saw, `(s, s, 3) uint8`, large enough for a card."""
    return crop_of(face, image_rgb, size_px=_CROP_PX)


def _facts(face: Face, number: int, drawn: bool) -> str:
    origin = "drawn by you" if drawn else f"found with {face.score:.0%} confidence"
    return f"Face {number} · {face.face_px:.0f} px · {origin}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _alt(face: Face, number: int) -> str:
    return f"Face {number}: {labels.look(face.verdict).words}"


def _switches(face: Face, key: str) -> tuple[str, float]:
    """Show what can be changed about the heatmap; return the class it is for and its opacity, 0 to 1."""
    names = list(face.probabilities)
    chosen = st.pills(
        "Heatmap of",
        names,
        default=face.label,
        required=True,
        format_func=lambda name: plain(named(name)),
        key=f"class_{key}",
        wrap=True,
    )
    percent = st.slider("Heatmap opacity", 0, 100, 60, 5, format="%d %%", key=f"opacity_{key}")
    return chosen if chosen in names else face.label, min(max(percent, 0), 100) / 100


def _with_heatmap(face: Face, image_rgb: np.ndarray, number: int, *, shown: str, opacity: float) -> None:
    evidence = heat(face, shown)
    words = labels.look(shown).words
    with st.grid(2, wrap=False, min_column_width=60, gap="xsmall"):
        st.image(image_rgb, width="stretch", output_format="JPEG", alt=_alt(face, number))
        st.image(
            drawing.overlay(image_rgb, evidence, opacity=opacity),
            width="stretch",
            output_format="JPEG",
            alt=f"Face {number}: where the evidence for {words} lies",
        )
    if not evidence.size:
        st.caption(":material/info: This model has no heatmap of its own. *Explain* makes one.")
    elif not evidence.any():
        st.caption(f":material/info: No positive evidence for {plain(words)} in this face.")
    elif (found := regions.of_face(face, shown)) is not None:
        st.caption(f":material/visibility: {plain(found.sentence(shown, answered=shown == face.label))}")
