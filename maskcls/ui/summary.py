"""What was found in all pictures together: numbers and a table."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from maskcls import images
from maskcls.face import REASON_WORDS, Face
from maskcls.ui.words import badge, counted, named, percentages, plain, verdict_names

_ROW_PX = 35
_ROWS_SEEN = 6


def show_numbers(faces: Sequence[Face], classes: Sequence[str], pictures: int) -> None:
    """Show how many faces there are, and how many of each verdict."""
    counts = Counter(face.verdict for face in faces)
    where = f" in {counted(pictures, 'picture', 'pictures')}" if pictures > 1 else ""
    st.subheader(f"{counted(len(faces), 'face', 'faces')}{where}", anchor=False)
    with st.grid("auto", min_column_width=168):
        for name in verdict_names(classes, faces):
            with st.container(border=True, height="stretch", gap=None):
                # The words stand below, where they may take two lines; the label is for those who listen.
                st.metric(plain(named(name)), counts[name], label_visibility="collapsed")
                st.markdown(badge(name))


def show_table(pictures: Sequence[tuple[str, Sequence[Face]]], classes: Sequence[str]) -> None:
    """Show a row per face.

    Args:
        pictures: Name and faces of each.
        classes: The model's, for the columns.
    """
    table = face_table(pictures, classes)
    percent = st.column_config.NumberColumn(format="%.1f %%")
    st.dataframe(
        table,
        hide_index=True,
        height=min(len(table), _ROWS_SEEN) * _ROW_PX + _ROW_PX + 3,
        column_config={named(name): percent for name in classes}
        | {"Face finder": percent, "Size": st.column_config.NumberColumn(format="%d px")},
        placeholder="–",
        key="faces_table",
        alt="Every face with its verdict and probabilities",
    )


def face_table(pictures: Sequence[tuple[str, Sequence[Face]]], classes: Sequence[str]) -> pd.DataFrame:
    """Return a row per face, as people read it."""
    rows = [
        {
            "Picture": images.plain_name(name),
            "Face": number,
            "Verdict": named(face.verdict),
            **_shares(face, classes),
            "Size": round(face.face_px),
            "Face finder": round(face.score * 100, 1),
            "Remarks": "; ".join(REASON_WORDS.get(reason, reason) for reason in face.reasons),
        }
        for name, faces in pictures
        for number, face in enumerate(faces, 1)
    ]
    columns = ["Picture", "Face", "Verdict", *map(named, classes), "Size", "Face finder", "Remarks"]
    return pd.DataFrame(rows, columns=columns)


def _shares(face: Face, classes: Sequence[str]) -> dict[str, float | None]:
    shares = percentages(face.probabilities)
    return {named(name): shares.get(name) for name in classes}
