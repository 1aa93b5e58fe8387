"""What to teach, and how: an architecture, a few settings, how pictures may be changed, and off it goes."""

from typing import Any

import streamlit as st

from maskcls.architectures import ARCHITECTURES
from maskcls.data.datasets import Dataset
from maskcls.engines import gpu_name
from maskcls.errors import MaskclsError
from maskcls.registry import Registry
from maskcls.training.runs import asking
from maskcls.training.runs.run import ACTIVE
from maskcls.training.runs.settings import IMAGENET, OPTIMISERS, OURS, SCHEDULES, SCRATCH, Settings, usual
from maskcls.ui.teach import augmenting, searching, steps
from maskcls.ui.words import counted, plain

_BYTES_PER_PARAMETER = 4
_WORDS = {SCRATCH: "nothing: learn all from these pictures", IMAGENET: "ImageNet: downloads its weights once"}


def show() -> None:
    """Show what can be set, and start a run when people say so."""
    dataset = steps.pick()
    if dataset is None:
        return
    name = _architecture()
    start = _start(name)
    registry = Registry()
    try:
        base = usual(registry, dataset.name, "base", architecture=name, start=start)
        told = _settings(base)
        told["augmentation"] = augmenting.show(dataset, base)
        version = _name(dataset)
        settings = usual(registry, dataset.name, version, architecture=name, start=start, **told)
    except MaskclsError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _start_button(settings)
    searching.show_form(dataset, settings)


def _architecture() -> str:
    name = st.radio(
        "Network",
        list(ARCHITECTURES),
        format_func=lambda name: ARCHITECTURES[name].title,
        captions=[one.about for one in ARCHITECTURES.values()],
        key="teach_architecture",
        persist_state="session",
    )
    chosen = ARCHITECTURES[str(name)]
    megabytes = chosen.parameters * _BYTES_PER_PARAMETER / 1e6
    st.caption(
        f"{chosen.parameters:,} parameters, {megabytes:.1f} MB, looks at faces of {chosen.input_px} × "
        f"{chosen.input_px} pixels."
    )
    return str(name)


def _start(name: str) -> str:
    """Ask where its weights come from, and return it."""
    registry = Registry()
    if name == OURS:
        at_work = registry.at_work().name
        versions = [one.name for one in registry.versions() if one.card.settings.get("architecture") == OURS]
        versions.sort(key=lambda one: one != at_work)
        options = [*versions, SCRATCH]
    else:
        versions = [one.name for one in registry.versions() if one.card.settings.get("architecture") == name]
        options = [*([IMAGENET] if ARCHITECTURES[name].from_imagenet else []), SCRATCH, *versions]
    chosen = st.selectbox(
        "Start from",
        options,
        format_func=lambda one: _WORDS.get(one, f"the version {one}"),
        key=f"teach_start_{name}",
        help="What the network knows before it sees your pictures. From a version of it, a few hundred pictures are "
        "enough; from nothing, it takes thousands.",
    )
    return str(chosen)


def _settings(base: Settings) -> dict[str, Any]:
    """Show the settings with what is usual for this network, and return what people chose."""
    key = f"{base.architecture}_{base.start}"
    epochs = st.slider(
        "Epochs",
        1,
        100,
        base.epochs,
        key=f"teach_epochs_{key}",
        help="How often all pictures are gone through. The best epoch is kept, so too many only take time.",
    )
    told: dict[str, Any] = {"epochs": int(epochs)}
    with st.expander("Advanced", icon=":material/tune:"):
        left, right = st.columns(2)
        with left:
            told |= _steps(base, key)
        with right:
            told |= _layers(base, key)
    return told


def _steps(base: Settings, key: str) -> dict[str, Any]:
    """Show how the steps of the learning go."""
    told: dict[str, Any] = {}
    told["batch"] = int(
        st.select_slider("Pictures in a step", [8, 16, 32, 64, 128], base.batch, key=f"teach_batch_{key}")
    )
    told["rate"] = float(
        st.number_input("Learning rate", 1e-7, 1.0, base.rate, format="%.1e", step=1e-4, key=f"teach_rate_{key}")
    )
    told["schedule"] = str(
        st.selectbox("Schedule", SCHEDULES, key=f"teach_schedule_{key}", help="How the learning rate goes on.")
    )
    told["optimiser"] = str(st.selectbox("Optimiser", OPTIMISERS, key=f"teach_optimiser_{key}"))
    told["dropout"] = float(st.slider("Dropout", 0.0, 0.9, base.dropout, 0.05, key=f"teach_dropout_{key}"))
    return told


def _layers(base: Settings, key: str) -> dict[str, Any]:
    """Show what learns when, when it ends, and what counts."""
    told: dict[str, Any] = {}
    told["head_epochs"] = int(
        st.number_input(
            "Epochs of the head alone",
            0,
            100,
            base.head_epochs,
            key=f"teach_head_{key}",
            help="At first only the last layers learn, while the rest keeps what it knows.",
        )
    )
    told["unfrozen"] = float(
        st.slider(
            "Share of the layers that learns after that",
            0.0,
            1.0,
            base.unfrozen,
            0.05,
            key=f"teach_unfrozen_{key}",
            help="From the last layer down.",
        )
    )
    told["patience"] = int(
        st.number_input(
            "Stop early after epochs without improvement",
            0,
            100,
            base.patience,
            key=f"teach_patience_{key}",
            help="0 goes on to the end.",
        )
    )
    told["balanced"] = st.toggle("Let rare classes count more", key=f"teach_balanced_{key}")
    told["seed"] = int(st.number_input("Seed of all chance", 0, 10**6, base.seed, key=f"teach_seed_{key}"))
    if _has_gpu():
        told["mixed_precision"] = st.toggle("Compute in 16 bits", key=f"teach_mixed_{key}")
    return told


@st.cache_resource(show_spinner=False)
def _has_gpu() -> bool:
    """Tell whether there is a GPU; asking its driver takes a process, which no press of the page should wait for."""
    return gpu_name() is not None


def _name(dataset: Dataset) -> str:
    return str(
        st.text_input(
            "Name of the new version",
            asking.free_name(dataset.name[:50]),
            key=f"teach_name_{dataset.name}_{len(asking.runs().all())}",
            max_chars=64,
        )
    ).strip()


def _start_button(settings: Settings) -> None:
    waiting = sum(run.state in ACTIVE for run in asking.runs().all())
    if waiting:
        before = counted(waiting, "run is", "runs are")
        st.caption(f":material/hourglass_top: {before} before it; it starts by itself when they are over.")
    if st.button("Start training", type="primary", icon=":material/play_arrow:", key="teach_start"):
        try:
            run = asking.train(settings)
        except MaskclsError as error:
            st.error(plain(str(error)), title="It was not started", icon=":material/error:")
            return
        steps.watch(run.id)
        st.rerun()
