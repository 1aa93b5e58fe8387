"""How pictures may be changed in training: sliders, and a preview on one's own faces that draws what training will."""

import numpy as np
import streamlit as st

from maskcls.data.augmentation import LIMITS, NONE, Augmentation
from maskcls.data.datasets import Dataset
from maskcls.data.splits import TRAIN
from maskcls.errors import MaskclsError
from maskcls.registry import Registry
from maskcls.training.runs.faces import Faces, crop_for
from maskcls.training.runs.settings import Settings
from maskcls.ui import models
from maskcls.ui.words import named, plain

_SHOWN_FACES, _SHOWN_EPOCHS = 4, 5
_WORDS = {
    "flip": ("Mirror", "%.2f", "How often."),
    "rotation_degrees": ("Turn", "%.0f°", "At most, either way."),
    "shear_degrees": ("Slant", "%.0f°", "At most, either way."),
    "zoom": ("Zoom", "%.2f", "Larger or smaller by this share at most."),
    "shift": ("Shift", "%.2f", "By this share of the side at most."),
    "brightness": ("Brightness", "%.2f", "Lighter or darker by this share of the whole range at most."),
    "contrast": ("Contrast", "%.2f", "More or less by this share at most."),
    "blur_px": ("Blur", "%.1f px", "At most."),
    "noise": ("Noise", "%.0f", "Standard deviation in levels of 255, at most."),
    "jpeg": ("JPEG", "%.2f", "How often the picture is compressed poorly."),
    "erasing": ("Erase a patch", "%.2f", "How often."),
    "painted": ("Paint masks", "%.2f", "How often a bare face gets a mask, and the class of that."),
}


def show(dataset: Dataset, base: Settings) -> Augmentation:
    """Show sliders and a preview, and return what was chosen.

    Raises:
        MaskclsError: The data set's pictures cannot be read.
    """
    with st.expander("How pictures are changed while it learns", icon=":material/auto_fix_high:"):
        st.caption("It never sees the same picture twice, so it learns what matters. The served model changes nothing.")
        if not st.toggle("Change them", value=True, key="augment_on", persist_state="session"):
            return NONE
        usual = Augmentation()
        with st.grid("auto", min_column_width=190):
            chosen = Augmentation(
                **{
                    name: float(
                        st.slider(
                            words,
                            0.0,
                            most,
                            getattr(usual, name),
                            most / 50,
                            format=form,
                            help=explained,
                            key=f"augment_{name}",
                            persist_state="session",
                        )
                    )
                    for (name, most), (words, form, explained) in zip(LIMITS.items(), _WORDS.values(), strict=True)
                }
            )
        _preview(dataset, base, chosen)
    return chosen


def _preview(dataset: Dataset, base: Settings, chosen: Augmentation) -> None:
    faces = _faces(dataset, base)
    if not len(faces):
        return
    st.markdown(f"**Some of your faces as they are, and in the first {_SHOWN_EPOCHS} epochs**")
    # A face of each class in turn, always the same ones.
    order = np.random.default_rng(0).permutation(len(faces))
    by_class = [[int(i) for i in order if faces.labels[i] == label] for label in range(len(faces.classes))]
    shown = [some[n] for n in range(_SHOWN_FACES) for some in by_class if n < len(some)][:_SHOWN_FACES]
    for i in shown:
        changed = [faces.changed(i, chosen, seed=base.seed, epoch=epoch) for epoch in range(_SHOWN_EPOCHS)]
        st.image(
            _in_a_row([faces.plain(i), *(crop_rgb for crop_rgb, _ in changed)]),
            width="stretch",
            alt=f"{faces.rows[i].source} as it is, and in the first {_SHOWN_EPOCHS} epochs",
        )
        painted = [
            f"epoch {epoch + 1}: {named(faces.classes[label])}"
            for epoch, (_, label) in enumerate(changed)
            if label != faces.labels[i]
        ]
        st.caption(plain(", ".join([named(faces.rows[i].label), *painted])))


def _in_a_row(crops_rgb: list[np.ndarray]) -> np.ndarray:
    """Return crops side by side with a clear gap, `(s, w, 4) uint8`: one picture, which any screen shows whole."""
    side = len(crops_rgb[0])
    gap = np.zeros((side, max(1, side // 20), 4), np.uint8)
    parts = [part for crop in crops_rgb for part in (np.dstack([crop, np.full((side, side), 255, np.uint8)]), gap)]
    return np.concatenate(parts[:-1], axis=1)


def _faces(dataset: Dataset, base: Settings) -> Faces:
    """Return the faces that are learnt from; decoded once for a data set and a way of cutting."""
    key = (dataset.name, base.architecture, base.start)
    known: tuple[tuple, Faces] | None = st.session_state.get("augment_faces")
    if known is not None and known[0] == key:
        return known[1]
    try:
        finder = models.at_work().finder
    except MaskclsError:
        finder = None
    faces = Faces(dataset, TRAIN, crop_for(dataset, base, Registry()), finder)
    st.session_state["augment_faces"] = (key, faces)
    return faces
