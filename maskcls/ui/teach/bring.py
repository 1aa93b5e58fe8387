"""Bringing pictures in: a ZIP, pictures of each class, faces kept on Live, or a data set of Kaggle."""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.typing import UploadedFile

from maskcls import labels
from maskcls.data import kaggle
from maskcls.data.importing import Contents, Plan, import_pictures, look_into
from maskcls.data.inbox import Inbox
from maskcls.data.scenes import IMAGE_SUFFIXES
from maskcls.errors import MaskclsError
from maskcls.registry import Registry, home
from maskcls.training.runs import asking
from maskcls.ui import upload
from maskcls.ui.teach import steps
from maskcls.ui.words import counted, named, plain

_ZIP_MEGABYTES, _PICTURE_MEGABYTES = 300, 20
_MOST_FILES = 2000
_ZIP, _FILES = "bring_zip", "bring_files"
_KAGGLE = "bring_kaggle_folder"
_OWN = "another …"
_LEAVE_OUT = "leave out"
_FACES, _PHOTOS = "Faces already, one in each", "Photographs: find the largest face"
_SOURCES = {
    "ZIP": ":material/folder_zip: ZIP",
    "files": ":material/photo_library: Pictures",
    "kept": ":material/bookmark: Kept on Live",
    "kaggle": ":material/cloud_download: Kaggle",
}


def show() -> None:
    """Show where pictures may come from, and make a data set of what is brought."""
    source = st.segmented_control(
        "Where from",
        list(_SOURCES),
        default="ZIP",
        format_func=_SOURCES.__getitem__,
        key="bring_source",
        required=True,
    )
    {"ZIP": _zip, "files": _files, "kept": _kept, "kaggle": _kaggle}[str(source)]()
    st.caption(
        ":material/lock: The pictures are stored on this server as a data set, until somebody removes it. Bring only "
        "pictures whose people agree with that."
    )
    _remove()


def _zip() -> None:
    file = st.file_uploader(
        "A ZIP with a folder of pictures for each class",
        ["zip"],
        key=upload.box_key(_ZIP),
        max_upload_size=_ZIP_MEGABYTES,
        help="Folders called train, validation and test above the classes are taken as they are. Photographs with "
        "Pascal-VOC boxes are understood too.",
    )
    if file is None:
        _show_expected()
        return
    with _copy(file) as path:
        contents = _look_into(path, file.name)
        if contents is not None:
            _form(contents, file.name, "zip", path, done=lambda: upload.empty_box(_ZIP, [file]))


def _show_expected() -> None:
    st.code(
        "pictures.zip\n├── with_mask/\n│   ├── 1.jpg\n│   └── …\n└── without_mask/\n    └── …",
        language=None,
        width="content",
    )
    st.caption("Any folder names will do: those that do not speak for themselves are asked about.")


def _files() -> None:
    names = [*labels.CLASSES]
    if (own := str(st.session_state.get("bring_own", "")).strip()) and own not in names:
        names += [own]
    brought: dict[str, list[UploadedFile]] = {}
    for column, name in zip(st.columns(len(names)), names, strict=True):
        with column:
            brought[name] = st.file_uploader(
                plain(named(name)),
                upload.TYPES,
                accept_multiple_files=True,
                key=upload.box_key(f"{_FILES}_{name}"),
                max_upload_size=_PICTURE_MEGABYTES,
            )
    st.text_input("A class of your own", key="bring_own", max_chars=60, placeholder="helmet")
    some = {name: files for name, files in brought.items() if files}
    if len(some) < 2:
        st.info("Add pictures of two classes or more.", icon=":material/add_photo_alternate:")
        return
    if sum(map(len, some.values())) > _MOST_FILES:
        st.warning(f"More than {_MOST_FILES} pictures come better as a ZIP.", icon=":material/folder_zip:")
        return
    contents = Contents({name: len(files) for name, files in some.items()}, False, {name: name for name in some}, [])
    # What people type names no folder of this server's.
    places = {name: f"class{i}" for i, name in enumerate(some)}
    with tempfile.TemporaryDirectory() as folder:
        _form(
            contents,
            "pictures",
            "files",
            Path(folder),
            places=places,
            prepare=partial(_write, {places[name]: files for name, files in some.items()}, Path(folder)),
            done=partial(_empty, some),
        )


def _empty(files: Mapping[str, Sequence[UploadedFile]]) -> None:
    for name, some in files.items():
        upload.empty_box(f"{_FILES}_{name}", some)


def _write(files: Mapping[str, Sequence[UploadedFile]], folder: Path) -> None:
    for name, some in files.items():
        (folder / name).mkdir(exist_ok=True)
        for i, file in enumerate(some):
            # Names come from strangers; only the ending says anything that is needed.
            suffix = Path(file.name).suffix.lower()
            (folder / name / f"{i:05}{suffix if suffix in IMAGE_SUFFIXES else '.jpg'}").write_bytes(file.getbuffer())


def _kept() -> None:
    inbox = Inbox(home() / "inbox")
    faces = inbox.faces()
    by_class = {face.label: sum(other.label == face.label for other in faces) for face in faces}
    if len(by_class) < 2:
        st.info(
            "Faces that people keep on the Live page can be taught with. "
            f"{counted(len(faces), 'face is', 'faces are')} kept so far; two classes are needed.",
            icon=":material/bookmark:",
        )
        st.page_link("pages/live.py", label="Go to Live", icon=":material/videocam:")
        return
    expires = min(face.expires for face in faces)
    st.caption(f"The data set goes on {expires[:10]}, with the first of its faces that may not be kept any longer.")
    contents = Contents(by_class, False, {name: name for name in by_class}, [])
    # As the model at work cuts them, and with it Live.
    scale = Registry().at_work().card.cut_scale
    _form(contents, "kept", "kept", home() / "inbox", cut_scale=scale, expires=expires)


def _kaggle() -> None:
    with st.form("bring_kaggle", border=False):
        handle = st.text_input("Handle of the data set", max_chars=170, placeholder="owner/name")
        if st.form_submit_button("Download", icon=":material/cloud_download:") and handle:
            st.session_state.pop(_KAGGLE, None)
            try:
                with st.spinner("Downloading, which may take minutes …", show_time=True):
                    st.session_state[_KAGGLE] = (handle, kaggle.download(handle.strip()))
            except MaskclsError as error:
                st.error(plain(str(error)), icon=":material/cloud_off:")
    if (there := st.session_state.get(_KAGGLE)) is not None:
        handle, path = there
        contents = _look_into(path, handle)
        if contents is not None:
            _form(contents, handle.split("/")[1], "kaggle", path)


def _form(
    contents: Contents,
    title: str,
    key: str,
    path: Path,
    *,
    places: Mapping[str, str] | None = None,
    prepare: Callable[[], object] = lambda: None,
    done: Callable[[], object] = lambda: None,
    cut_scale: float = 1.0,
    expires: str = "",
) -> None:
    """Show what was found, ask for what is unclear, and make the data set when people say so."""
    told = _classes(contents, key)
    as_faces = True
    if not contents.boxed and not expires:
        shown = st.radio("The pictures are", [_FACES, _PHOTOS], key=f"{key}_kind", horizontal=True)
        as_faces = shown == _FACES
    name = st.text_input("Name of the data set", _as_name(title), key=f"{key}_name_{title}", max_chars=56)
    unanswered = [folder for folder in contents.folders if folder not in told]
    pressed = st.button(
        "Make the data set",
        type="primary",
        icon=":material/dataset:",
        key=f"{key}_make",
        disabled=bool(unanswered),
        help=f"Say first what {plain(unanswered[0])} shows." if unanswered else None,
    )
    if not pressed:
        return
    bar = st.progress(0.0, "Reading the pictures …")
    folders = {places[folder] if places else folder: label for folder, label in told.items()}
    try:
        prepare()
        made = import_pictures(
            path,
            asking.shelf(),
            Plan(name.strip(), folders, as_faces=as_faces, cut_scale=cut_scale, expires=expires, source=title),
            finder=None if as_faces else Registry().finder(),
            tell=partial(bar.progress, text="Reading the pictures …"),
        )
    except (MaskclsError, OSError) as error:
        bar.empty()
        # The copy's name says nothing to anyone.
        words = str(error).replace(path.name, title)
        if isinstance(error, OSError):
            words = f"This server's disk does not take it: {error.strerror}."
        st.error(plain(words), title="No data set was made", icon=":material/error:")
        return
    done()
    steps.use(made.name)
    steps.go(steps.CHECK)
    st.rerun()


def _classes(contents: Contents, key: str) -> dict[str, str]:
    """Show what each folder's pictures show, ask where that is unclear, and return it."""
    if contents.unclear:
        st.warning("What do these pictures show? Not every folder's name says so.", icon=":material/contact_support:")
    known = list(dict.fromkeys([*labels.CLASSES, *contents.classes.values()]))
    told: dict[str, str] = {}
    for folder, count in contents.folders.items():
        left, right = st.columns([2, 3], vertical_alignment="center")
        left.markdown(f"**{plain(folder)}**  \n{counted(count, 'picture', 'pictures')}")
        guess = contents.classes.get(folder)
        options = [*known, _OWN, _LEAVE_OUT]
        chosen = right.selectbox(
            f"What {plain(folder)} shows",
            options,
            options.index(guess) if guess else None,
            format_func=lambda one: one if one in (_OWN, _LEAVE_OUT) else named(one),
            key=f"{key}_class_{folder}_{count}",
            label_visibility="collapsed",
            placeholder="What does it show?",
        )
        if chosen == _OWN:
            chosen = (
                right.text_input("Its class", key=f"{key}_own_{folder}", max_chars=60, label_visibility="collapsed")
                or None
            )
        if chosen is not None:
            told[folder] = "" if chosen == _LEAVE_OUT else str(chosen).strip()
    return told


def _look_into(path: Path, title: str) -> Contents | None:
    try:
        return look_into(path)
    except MaskclsError as error:
        st.error(
            plain(str(error).replace(str(path), title).replace(path.name, title)),
            title="Nothing to learn from",
            icon=":material/error:",
        )
        return None


@contextlib.contextmanager
def _copy(file: UploadedFile) -> Iterator[Path]:
    """Yield an upload as a file, for those who read archives."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as copy:
        copy.write(file.getbuffer())
        copy.flush()
        yield Path(copy.name)


def _as_name(title: str) -> str:
    """Return what a file's name may be as a data set's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", Path(title).stem).strip("-._")[:40] or "pictures"


def _remove() -> None:
    names = asking.shelf().names()
    if not names:
        return
    with st.popover("Remove a data set", icon=":material/delete:"):
        name = st.selectbox("Which", names, key="bring_remove")
        st.caption("Its pictures are deleted. Models that learnt from them stay.")
        if st.button("Remove it", key="bring_remove_it", icon=":material/delete:"):
            try:
                asking.remove_dataset(str(name))
            except MaskclsError as error:
                st.error(plain(str(error)))
                return
            st.rerun()
