"""What was found in all pictures together: numbers and a table."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from maskcls import images
from maskcls.face import REASON_WORDS, Face
from maskcls.ui.words import named, plain, verdict_names

_ROW_PX = 35
_ROWS_SEEN = 8


def show_numbers(faces: Sequence[Face], classes: Sequence[str], pictures: int) -> None:
    """Show how many faces there are, and how many of each verdict."""
    counts = Counter(face.verdict for face in faces)
    with st.grid("auto", min_column_width=140):
        if pictures > 1:
            st.metric("Pictures", pictures, border=True)
        st.metric("Faces", len(faces), border=True)
        for name in verdict_names(classes, faces):
            st.metric(plain(named(name)), counts[name], border=True)


def show_table(pictures: Sequence[tuple[str, Sequence[Face]]], classes: Sequence[str]) -> None:
    """Show a row per face.

    Args:
        pictures: Name and faces of each.
        classes: The model's, for the columns.
    """
    table = face_table(pictures, classes)
    percent = st.column_config.NumberColumn(format="percent")
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
            **{named(one): face.probabilities.get(one) for one in classes},
            "Size": round(face.face_px),
            "Face finder": face.score,
            "Remarks": "; ".join(REASON_WORDS.get(reason, reason) for reason in face.reasons),
        }
        for name, faces in pictures
        for number, face in enumerate(faces, 1)
    ]
    columns = ["Picture", "Face", "Verdict", *map(named, classes), "Size", "Face finder", "Remarks"]
    return pd.DataFrame(rows, columns=columns)
