"""Letting it search for good settings, and what was tried."""

from typing import Any

import streamlit as st

from maskcls.architectures import ARCHITECTURES
from maskcls.data.datasets import Dataset
from maskcls.errors import MaskclsError, SettingsError
from maskcls.registry import Registry
from maskcls.training.runs import asking
from maskcls.training.runs.run import Run
from maskcls.training.runs.settings import Settings, usual
from maskcls.training.runs.space import LOGARITHMIC, VARIABLE, SearchSettings
from maskcls.training.runs.trials import COMPLETE, TRIAL_FAILED, TRIAL_STOPPED, UNDER_WAY, trials_of
from maskcls.ui import charts
from maskcls.ui.teach import steps
from maskcls.ui.words import plain

_USUALLY = ["rate", "dropout", "augmentation"]
# A chart of fewer would be read as if it said something.
_LEAST_TRIALS = 3


def show_form(dataset: Dataset, settings: Settings) -> None:
    """Show what may be searched around the settings on the page, and start it when people say so."""
    with st.expander("Let it search for good settings", icon=":material/manage_search:"):
        st.caption("It trains again and again with other settings, and keeps those that do best on validation faces.")
        vary = st.multiselect("Try out", list(VARIABLE), _USUALLY, format_func=VARIABLE.__getitem__, key="search_vary")
        networks = [settings.architecture]
        if "architecture" in vary:
            networks = st.multiselect(
                "Networks",
                list(ARCHITECTURES),
                list(dict.fromkeys([settings.architecture, "plain-cnn", "maskcls"]))[:2],
                format_func=lambda name: ARCHITECTURES[name].title,
                key="search_networks",
            )
        left, right = st.columns(2)
        trials = left.number_input("Trainings", 0, 1000, 12, key="search_trials", help="0 for as many as time allows.")
        minutes = right.number_input("Minutes", 0, 10_000, 0, key="search_minutes", help="0 for as long as it takes.")
        prune = st.toggle("Give up poor ones early", value=True, key="search_prune")
        with st.popover("Share it between machines", icon=":material/lan:"):
            storage = st.text_input(
                "URL of a database", key="search_storage", type="password", placeholder="postgresql://…"
            )
            study = st.text_input("Name of the study", key="search_study", max_chars=64)
            st.caption("Machines with the same pictures, settings, database and study work on one search.")
        if not st.button("Start searching", icon=":material/manage_search:", key="search_start"):
            return
        try:
            if storage.strip().startswith("sqlite"):
                raise SettingsError("A file on this server is no place to share. Give the URL of a database server.")
            asked = SearchSettings(
                _bases(dataset, settings, networks),
                tuple(vary),
                trials=int(trials),
                minutes=float(minutes),
                prune=prune,
                storage=storage.strip(),
                study=study.strip(),
            )
            run = asking.search(asked)
        except MaskclsError as error:
            st.error(plain(str(error)), title="It was not started", icon=":material/error:")
            return
        steps.watch(run.id)
        st.rerun()


def _bases(dataset: Dataset, settings: Settings, networks: list[str]) -> tuple[Settings, ...]:
    """Return what is asked of each network: what the page says, where that makes sense for another one."""
    for_all = ("epochs", "batch", "schedule", "optimiser", "balanced", "patience", "mixed_precision", "seed")
    told = {name: getattr(settings, name) for name in for_all}
    told["augmentation"] = settings.augmentation
    return tuple(
        settings
        if name == settings.architecture
        else usual(Registry(), dataset.name, settings.name, architecture=name, **told)
        for name in networks
    )


def show_trials(run: Run, *, active: bool) -> None:
    """Show what a search has tried so far, and let the best of it become a run."""
    trials = trials_of(run)
    if not trials:
        if active:
            st.skeleton(height=120)
            st.caption("The first training is under way.")
        return
    done = [trial for trial in trials if trial["value"] is not None]
    wanted = run.asked["settings"].get("trials", 0)
    if active and wanted:
        over = sum(trial["state"] not in (UNDER_WAY, TRIAL_STOPPED, TRIAL_FAILED) for trial in trials)
        st.progress(min(1.0, over / wanted), f"{over} of {wanted} trainings")
    best = min(done, key=lambda trial: trial["value"], default=None)
    if best is not None:
        with st.container(horizontal=True):
            st.metric("Best so far: loss", f"{best['value']:.4f}")
            if best.get("accuracy") is not None:
                st.metric("Its accuracy", f"{best['accuracy']:.1%}")
            st.metric("Its number", best["number"] + 1)
        st.caption(plain(", ".join(f"{VARIABLE[name]} {_short(value)}" for name, value in best["params"].items())))
    complete = [trial for trial in trials if trial["state"] == COMPLETE]
    if len(complete) >= _LEAST_TRIALS:
        st.plotly_chart(
            charts.parallel_coordinates(complete, VARIABLE, logarithmic=LOGARITHMIC),
            config={"displayModeBar": False},
            key="search_parallel",
            alt="Each training as a line through its settings to its loss",
        )
    if importances := run.result.get("importances"):
        st.markdown("**What mattered**")
        st.plotly_chart(
            charts.importances({VARIABLE[name]: share for name, share in importances.items()}),
            config=charts.STILL,
            key="search_importances",
            alt=", ".join(f"{VARIABLE[name]} {share:.0%}" for name, share in importances.items()),
        )
    with st.expander("All trainings as a table", icon=":material/table:"):
        st.dataframe([_row(trial) for trial in trials], hide_index=True, alt="Trainings of the search")
    if not active and run.result.get("best"):
        _train_best(run)


def _train_best(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suggested = asking.free_name(str(run.asked["settings"]["name"])[:50])
        name = st.text_input("Name of the new version", suggested, key=f"search_best_{run.id}", max_chars=64)
        if st.button("Train with the best settings", type="primary", icon=":material/school:", key="search_train_best"):
            try:
                begun = asking.train_best(run, name.strip())
            except MaskclsError as error:
                st.error(plain(str(error)), icon=":material/error:")
                return
            steps.watch(begun.id)
            st.rerun()


def _row(trial: dict[str, Any]) -> dict[str, Any]:
    params = {VARIABLE[name]: _short(value) for name, value in trial["params"].items()}
    value = trial["value"]
    return {
        "number": trial["number"] + 1,
        "state": trial["state"],
        "loss": None if value is None else round(value, 4),
        **params,
        "seconds": round(trial["seconds"]),
    }


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
