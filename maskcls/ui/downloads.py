"""What people can take with them: tables as CSV and JSON, and the annotated pictures as a ZIP."""

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import streamlit as st

from maskcls import drawing, images, report
from maskcls.errors import ImageError
from maskcls.face import Face
from maskcls.ui.desk import Picture

# Names that Windows keeps for devices, whatever their suffix.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 80


def show(results: Sequence[dict[str, Any]], pictures: Sequence[tuple[Picture, Sequence[Face]]]) -> None:
    """Show the downloads, in the caller's row.

    Args:
        results: What `report.picture_json` made of each picture.
        pictures: The pictures that could be read, with their faces.
    """
    rows = report.rows(results)
    # With a byte order mark, without which Excel garbles every name that is not plain ASCII.
    button("CSV", report.csv_text(rows).encode("utf-8-sig"), "maskcls.csv", "text/csv", ":material/table:")
    text = json.dumps(list(results), indent=2, ensure_ascii=False)
    button("JSON", text.encode(), "maskcls.json", "application/json", ":material/data_object:")
    button(
        "Annotated pictures (ZIP)",
        annotated_zip(pictures),
        "maskcls-pictures.zip",
        "application/zip",
        ":material/folder_zip:",
        disabled=not pictures,
    )


def button(
    label: str, data: bytes | Callable[[], bytes], file_name: str, mime: str, icon: str, *, disabled: bool = False
) -> None:
    """Show a button that saves `data`, or what it makes when it is pressed, as `file_name`; the page stays as it is."""
    st.download_button(
        label,
        data,
        file_name=file_name,
        mime=mime,
        icon=icon,
        key=f"download_{file_name}",
        on_click="ignore",
        disabled=disabled,
    )


def annotated_zip(pictures: Sequence[tuple[Picture, Sequence[Face]]]) -> Callable[[], bytes]:
    """Return a function that makes the ZIP when it is asked for; it knows nothing of the session."""
    kept = [(picture.name, picture.data, tuple(faces)) for picture, faces in pictures]

    def build() -> bytes:
        out = io.BytesIO()
        names = safe_names(name for name, _, _ in kept)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, (_, data, faces) in zip(names, kept, strict=True):
                try:
                    archive.writestr(name, images.encode(annotate(images.read(data), faces), suffix=".jpg"))
                except ImageError:  # it could be read before; one that cannot now must not cost the others
                    continue
        return out.getvalue()

    return build


def annotate(image_rgb: np.ndarray, faces: Sequence[Face], *, scale: float = 1.0) -> np.ndarray:
    """Return the picture with every face's box and verdict.

    Args:
        image_rgb: `(h, w, 3) uint8`.
        faces: In pixels of the picture as it came.
        scale: How much smaller `image_rgb` is than that.
    """
    boxes = np.array([face.box_xyxy for face in faces], np.float64).reshape(-1, 4) * scale
    # One face needs no number.
    numbers = list(range(1, len(faces) + 1)) if len(faces) > 1 else None
    return drawing.draw_boxes(image_rgb, boxes, [face.verdict for face in faces], numbers=numbers)


def safe_names(names: Iterable[str]) -> list[str]:
    """Return a file name ending in `.jpg` for each name: no folders, no control characters, no two the same."""
    taken: set[str] = set()
    safe = []
    for name in names:
        stem = _stem(name)
        candidate, count = f"{stem}.jpg", 1
        # Case-blind, as some file systems are.
        while candidate.casefold() in taken:
            count += 1
            candidate = f"{stem}-{count}.jpg"
        taken.add(candidate.casefold())
        safe.append(candidate)
    return safe


def _stem(name: str) -> str:
    last = PurePosixPath(images.plain_name(name, longest=1000).replace("\\", "/")).name
    stem = last.rsplit(".", 1)[0] if "." in last.lstrip(".") else last
    stem = re.sub(r"[^\w .()+-]", "_", unicodedata.normalize("NFC", stem)).strip(" .")[:_LONGEST].strip(" .")
    return f"_{stem}" if not stem or _RESERVED.fullmatch(stem) else stem
