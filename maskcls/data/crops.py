"""Pictures of one face each, in a folder per class: `[split/]class/picture`."""

from pathlib import PurePosixPath

from maskcls import labels
from maskcls.data.scenes import IMAGE_SUFFIXES
from maskcls.data.store import Store
from maskcls.errors import DatasetError

# Wrong hits of a face finder, which some sets keep beside the faces: there is no true class to compare with.
NOT_FACE = "not_face"


def find_crops(store: Store, *, split: str | None = None) -> list[tuple[PurePosixPath, str]]:
    """Return the name and the class of every face picture in `store`, in order of name.

    The class is the name of the folder that the picture lies in, in our words where other data sets have theirs.

    Args:
        store: Holds `[split/]class/picture`, with any folders around that.
        split: Only this one, for example "test"; everything when None.

    Raises:
        DatasetError: There are none.
    """
    pictures = [name for name in store.names() if name.suffix.lower() in IMAGE_SUFFIXES and len(name.parts) > 1]
    found = [name for name in pictures if split is None or split in name.parts[:-2]]
    if not found:
        where = f" under a folder {split}/" if split is not None and pictures else ""
        raise DatasetError(
            f"{store.source} holds no class folders with pictures{where}. Expected [split/]class/picture."
        )
    return [(name, labels.canonical(name.parts[-2])) for name in found]
