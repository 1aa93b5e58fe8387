"""A small data set of one face with masks painted on it: the astronaut of scikit-image, who is in the public domain."""

import zipfile
from pathlib import Path

import numpy as np

from maskcls import images, samples
from maskcls.data.augmentation import Augmentation, apply_change, draw_change
from maskcls.data.synthesis import apply_synthetic, draw_synthetic

CHANGES = Augmentation(rotation_degrees=15, zoom=0.15, shift=0.1, brightness=0.3, contrast=0.4, noise=12)
SIDE_PX = 96
FOLDERS = {"with_mask": "WithMask", "without_mask": "no mask", "partial_mask": "mask_weared_incorrect"}


def painted_faces(per_class: int) -> dict[str, list[bytes]]:
    """Return PNG files by class, none like another."""
    rng = np.random.default_rng(0)
    left, top, right, bottom = 158, 55, 290, 187
    portrait = samples.load("no_mask")[top:bottom, left:right]
    landmarks = np.array(samples.ASTRONAUT_LANDMARKS) - (left, top)
    faces: dict[str, list[bytes]] = {name: [] for name in FOLDERS}
    for name, made in faces.items():
        for _ in range(per_class):
            face = portrait.copy()
            if name != "without_mask":
                face = apply_synthetic(draw_synthetic(rng, name), face, landmarks)
            made.append(images.encode(apply_change(draw_change(rng, CHANGES), face, size_px=SIDE_PX)))
    return faces


def painted_zip(path: Path, per_class: int = 12) -> Path:
    """Write these faces as a ZIP with a folder per class, called as people call them."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, files in painted_faces(per_class).items():
            for i, data in enumerate(files):
                archive.writestr(f"{FOLDERS[name]}/{i}.png", data)
    return path
