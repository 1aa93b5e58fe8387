"""A run as it goes: how far it is, its curves, its log, and what can be done with it."""

from datetime import datetime
from typing import Any

import streamlit as st

from maskcls.architectures import ARCHITECTURES
from maskcls.errors import MaskclsError
from maskcls.training.runs import asking
from maskcls.training.runs.run import ACTIVE, CANCELLED, FAILED, FINISHED, QUEUED, RUNNING, SEARCH, STOPPED, Run
from maskcls.ui import charts
from maskcls.ui.teach import result, searching, steps
from maskcls.ui.words import plain

_EVERY_S = 1.0
_PICKED = "watch_run"
_BADGES = {
    QUEUED: ":gray-badge[:material/hourglass_top: waiting]",
    RUNNING: ":blue-badge[:material/play_arrow: running]",
    FINISHED: ":green-badge[:material/check: finished]",
    CANCELLED: ":gray-badge[:material/stop: cancelled]",
    FAILED: ":red-badge[:material/error: failed]",
    STOPPED: ":orange-badge[:material/pause: stopped]",
}


def show() -> None:
    """Show the runs and the chosen one of them; whoever comes back later, or from elsewhere, finds it again."""
    runs = asking.runs().all()
    if not runs:
        st.info("Nothing has been taught yet.", icon=":material/school:")
        if st.button("Teach something", key="watch_teach"):
            steps.go(steps.TEACH)
            st.rerun()
        return
    ids = [run.id for run in runs]
    if (wanted := steps.watched()) in ids:
        st.session_state[_PICKED] = wanted
    if st.session_state.get(_PICKED) not in ids:
        st.session_state[_PICKED] = next((run.id for run in runs if run.state in ACTIVE), ids[0])
    titles = {run.id: _title(run) for run in runs}
    chosen = st.selectbox("Run", ids, format_func=titles.__getitem__, key=_PICKED)
    run = asking.runs().open(str(chosen))
    st.session_state["watch_state"] = run.state
    # Only what goes on is looked at again and again.
    st.fragment(_show, run_every=_EVERY_S if run.state in ACTIVE else None)(run)


def _title(run: Run) -> str:
    try:
        asked = run.asked
    except MaskclsError:
        return run.id
    settings, when = asked["settings"], datetime.fromisoformat(asked["created"])
    what = "search" if asked["kind"] == SEARCH else ARCHITECTURES[settings["architecture"]].title
    return f"{run.id[16:]} · {what} · {when:%d %b %H:%M} UTC"


def _show(run: Run) -> None:
    state = run.state
    if state != st.session_state.get("watch_state"):
        # It has come to an end, or has begun: the whole page looks otherwise.
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_BADGES.get(state, plain(state)))
        _deeds(run, state)
    if run.error:
        st.error(plain(run.error), title="It failed", icon=":material/error:")
    if state == QUEUED:
        st.caption("Another run is under way; this one starts by itself when that is over.")
    if state == STOPPED:
        st.warning(
            "Its process is gone: the server was shut down, or something ended it. It can go on where it was.",
            icon=":material/pause_circle:",
        )
    lines = run.progress.lines()
    if run.kind == SEARCH:
        searching.show_trials(run, active=state in ACTIVE)
    else:
        _progress(run, lines, active=state in ACTIVE)
    if state in (FINISHED, CANCELLED) and run.result.get("version"):
        result.show(run)
    with st.expander("Log", icon=":material/terminal:"):
        st.code(run.log or "Nothing yet.", language=None)


def _deeds(run: Run, state: str) -> None:
    try:
        if state in (*ACTIVE, STOPPED) and st.button(
            "Stop it",
            icon=":material/stop:",
            key="watch_cancel",
            disabled=state in ACTIVE and run.is_cancelled(),
            help="The best so far is kept.",
        ):
            run.cancel()
            st.toast("It is stopping; the best so far is kept.")
        over = state in (STOPPED, FAILED) or (state == CANCELLED and not run.result)
        if over and st.button("Go on", icon=":material/play_arrow:", key="watch_resume"):
            run.start()
            st.rerun()
    except MaskclsError as error:
        st.error(plain(str(error)), icon=":material/error:")


def _progress(run: Run, lines: list[dict[str, Any]], *, active: bool) -> None:
    device = next((line for line in reversed(lines) if line["kind"] == "device"), None)
    latest = next((line for line in reversed(lines) if line["kind"] in ("batch", "epoch")), None)
    settings = run.asked["settings"]
    if device is None or latest is None:
        if active:
            st.skeleton(height=120)
            st.caption("It is getting ready, which takes a few seconds.")
        return
    whole = device["pictures"] * settings["epochs"]
    done = min(1.0, latest["at"] / whole) if whole else 0.0
    epoch = min(int(latest["at"] // max(1, device["pictures"])) + 1, settings["epochs"])
    if active:
        st.progress(done, f"Epoch {epoch} of {settings['epochs']} · {_left(latest['left_s'])}")
    _numbers(lines, latest, device)
    for line in lines:
        if line["kind"] == "note" and active:
            st.caption(f":material/info: {plain(line['text'])}")
    for what in ("loss", "accuracy"):
        st.plotly_chart(
            charts.learning_curves(lines, what, pictures=device["pictures"], epochs=settings["epochs"]),
            config=charts.STILL,
            key=f"watch_{what}",
            alt=f"{what.capitalize()} by epoch, on training and validation faces",
        )


def _numbers(lines: list[dict[str, Any]], latest: dict[str, Any], device: dict[str, Any]) -> None:
    ends = [line for line in lines if line["kind"] == "epoch"]
    found = ends[-1]["validation"] if ends else None
    with st.container(horizontal=True):
        st.metric("Validation accuracy", f"{found['accuracy']:.1%}" if found else "–")
        st.metric("Validation macro-F1", f"{found['macro_f1']:.3f}" if found else "–")
        st.metric("Best epoch", ends[-1]["best"] + 1 if ends else "–")
        st.metric("Pictures per second", f"{latest['per_s']:.0f}")
        st.metric("Waiting for pictures", f"{latest['waited']:.1%}")
        st.metric("Device", str(device["text"]))


def _left(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    return f"about {round(seconds / 60)} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"
