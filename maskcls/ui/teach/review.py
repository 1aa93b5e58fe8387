"""Checking a data set: what is wrong with it, and a gallery where one press relabels or drops a picture."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st

from maskcls import images, labels
from maskcls.data.checks import Findings, check
from maskcls.data.datasets import Dataset
from maskcls.data.revising import revise
from maskcls.data.splits import TEST, VALIDATION
from maskcls.errors import MaskclsError
from maskcls.finder.cut import cut
from maskcls.registry import Registry
from maskcls.training.runs import asking
from maskcls.ui.teach import steps
from maskcls.ui.words import counted, named, plain

_DROP = "drop"
_PAGE = 24
_SHOWN_PX = 160
_LONGEST = 14
_NO_TEST = "what comes out cannot be compared with the model at work"
_FOUND, _CHANGES = "check_found", "check_changes"


def show() -> None:
    """Show what is in the chosen data set and what is wrong with it, and let people mend it."""
    dataset = steps.pick()
    if dataset is None:
        return
    _counts(dataset)
    found = _check(dataset)
    kinds = _kinds(dataset, found)
    _summary(dataset, found, kinds)
    _gallery(dataset, kinds, dict(found.mislabelled))
    _save(dataset)
    if st.button("Go on to teaching", icon=":material/school:", type="primary", key="check_teach"):
        steps.go(steps.TEACH)
        st.rerun()


def _counts(dataset: Dataset) -> None:
    counts = dataset.counts()
    table = [
        {
            "Class": named(name),
            **{split: counts[split][name] for split in counts},
            "all": sum(c[name] for c in counts.values()),
        }
        for name in dataset.about.classes
    ]
    st.dataframe(table, hide_index=True, alt="Pictures of each class in each split")
    origin = "came with the pictures" if dataset.about.split_given else "were drawn so that no copy is on both sides"
    st.caption(
        f"{counted(len(dataset.rows), 'picture', 'pictures')} from {plain(dataset.about.source)}. The splits {origin}; "
        "the test part stays frozen: it is never learnt from."
    )
    if dataset.about.skipped:
        with st.expander(f"{counted(len(dataset.about.skipped), 'file was', 'files were')} left out"):
            st.dataframe(
                [dict(one) for one in dataset.about.skipped], hide_index=True, alt="Files left out, with reasons"
            )


def _check(dataset: Dataset) -> Findings:
    """Return what a check finds; made once for a data set, which never changes, and a model."""
    registry = Registry()
    key = (dataset.name, registry.at_work().name)
    known: tuple[tuple, Findings] | None = st.session_state.get(_FOUND)
    if known is not None and known[0] == key:
        return known[1]
    bar = st.progress(0.0, "Looking at every picture …")
    found = check(
        dataset, classifier=registry.classifier(), tell=lambda done: bar.progress(done, "Looking at every picture …")
    )
    bar.empty()
    st.session_state[_FOUND] = (key, found)
    return found


def _kinds(dataset: Dataset, found: Findings) -> dict[str, list[int]]:
    """Return the pictures to look at, by what is the matter with them."""

    def listed(groups: list[list[int]]) -> list[int]:
        return [i for group in groups for i in group]

    kinds = {
        "looks mislabelled": [i for i, _ in found.mislabelled],
        "copies of different classes": listed(found.contradictions),
        "leaks between splits": listed(found.leaks),
        "copies": listed(found.copies),
        "near copies": listed(found.near_copies),
        "tiny": found.tiny,
        "blurred": found.blurred,
        "dark": found.dark,
    }
    every = {
        f"all: {labels.look(name).words}": [i for i, row in enumerate(dataset.rows) if row.label == name]
        for name in dataset.about.classes
    }
    return {name: some for name, some in kinds.items() if some} | every


def _summary(dataset: Dataset, found: Findings, kinds: Mapping[str, list[int]]) -> None:
    for name in found.untaught:
        st.error(f"{plain(named(name))} has no picture to train on.", icon=":material/error:")
    if found.leaks:
        st.warning(
            f"{counted(len(found.leaks), 'picture has copies', 'pictures have copies')} in more than one split, so the "
            "figures on validation and test will look better than they are.",
            icon=":material/leak_add:",
        )
    for split, why in ((VALIDATION, "the best epoch cannot be chosen and *not sure* never said"), (TEST, _NO_TEST)):
        if split not in found.counts:
            st.warning(
                f"There are no {split} pictures, so {why}. Bring more, of more people: pictures that look alike stay "
                "together.",
                icon=":material/call_split:",
            )
    if found.imbalance > 1 and not found.is_balanced and not found.untaught:
        st.warning(
            f"The largest class has {found.imbalance:.0f} times the pictures of the smallest. Bring more of these, or "
            "let rare classes count more when teaching.",
            icon=":material/balance:",
        )
    if found.unreadable:
        names = ", ".join(plain(dataset.rows[i].source) for i in found.unreadable[:5])
        st.error(f"These cannot be read any more: {names}. Bring the pictures again.", icon=":material/broken_image:")
    if all(name.startswith("all:") for name in kinds) and not found.unreadable:
        st.success("Nothing looks wrong.", icon=":material/check_circle:")


def _gallery(dataset: Dataset, kinds: Mapping[str, list[int]], says: Mapping[int, str]) -> None:
    kind = st.pills(
        "Look at",
        list(kinds),
        default=next(iter(kinds)),
        format_func=lambda name: f"{name} · {len(kinds[name])}",
        key=f"check_kind_{dataset.name}",
        required=True,
    )
    chosen = kinds.get(str(kind), [])
    pages = -(-len(chosen) // _PAGE)
    page = st.pagination(pages, key=f"check_page_{dataset.name}_{kind}") if pages > 1 else 1
    classes = list(dict.fromkeys([*labels.CLASSES, *dataset.about.classes]))
    st.caption("Press what a picture shows to relabel it. Nothing changes before it is saved as a new version.")
    with st.grid("auto", min_column_width=190):
        for i in chosen[(page - 1) * _PAGE : page * _PAGE]:
            _card(dataset, i, classes, says.get(i))


def _card(dataset: Dataset, i: int, classes: list[str], says: str | None) -> None:
    row = dataset.rows[i]
    changes = _changes(dataset)
    with st.container(border=True, gap="xsmall", key=f"check_card_{i}"):
        st.image(
            picture_of(dataset, row.file), width="stretch", alt=f"{row.source}, labelled {labels.look(row.label).words}"
        )
        said = f"the model says {plain(named(says))}  \n" if says else ""
        st.caption(f"{said}{row.split} · {plain(_short(row.source))}")
        chosen = st.segmented_control(
            f"What {plain(row.source)} shows",
            [*classes, _DROP],
            default=changes.get(i, row.label),
            format_func=_in_short,
            help="Press the bin to leave it out.",
            key=f"check_label_{dataset.name}_{i}",
            label_visibility="collapsed",
            required=True,
        )
    if chosen == row.label:
        changes.pop(i, None)
    else:
        changes[i] = str(chosen)


def _in_short(name: str) -> str:
    """Return a class as a button shows it: ours by their symbols, others, which have none, by name."""
    if name == _DROP:
        return ":material/delete:"
    return labels.look(name).symbol if name in labels.CLASSES else plain(labels.look(name).words)


def _short(source: str) -> str:
    """Return the end of a name, which is what tells files apart; folders are classes, which are shown anyway."""
    name = source.rsplit("/", 1)[-1]
    return name if len(name) <= _LONGEST else f"…{name[-_LONGEST:]}"


def picture_of(dataset: Dataset, file: str) -> np.ndarray:
    """Return a picture of a data set as a small square, `(s, s, 3) uint8`; grey where it cannot be read."""
    return _picture(str(dataset.path / file))


@st.cache_data(max_entries=500, show_spinner=False)
def _picture(path: str) -> np.ndarray:
    try:
        image_rgb = images.read_file(Path(path))
    except MaskclsError:
        return np.full((_SHOWN_PX, _SHOWN_PX, 3), 128, np.uint8)
    height, width = image_rgb.shape[:2]
    side = max(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    return cut(image_rgb, np.array([[left, top, left + side, top + side]]), size_px=_SHOWN_PX)[0]


def _changes(dataset: Dataset) -> dict[int, str]:
    """Return what people changed in this data set so far: by row, a class or that it is dropped."""
    known: dict[str, dict[int, str]] = st.session_state.setdefault(_CHANGES, {})
    return known.setdefault(dataset.name, {})


def _save(dataset: Dataset) -> None:
    changes = _changes(dataset)
    if not changes:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{counted(len(changes), 'change', 'changes')}** not saved yet")
        if st.button("Save as a new version", icon=":material/save:", key="check_save"):
            dropped = {i for i, name in changes.items() if name == _DROP}
            relabelled = {i: name for i, name in changes.items() if name != _DROP}
            try:
                made = revise(dataset, asking.shelf(), relabelled=relabelled, dropped=dropped)
            except MaskclsError as error:
                st.error(plain(str(error)), icon=":material/error:")
                return
            changes.clear()
            steps.use(made.name)
            steps.go(steps.CHECK)
            st.rerun()
