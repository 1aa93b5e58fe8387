"""What came out of a training, next to the model at work on the same pictures, and what to do with it."""

from typing import Any

import streamlit as st

from maskcls import labels
from maskcls.data.datasets import Dataset
from maskcls.errors import MaskclsError
from maskcls.registry import Registry
from maskcls.training.runs import asking
from maskcls.training.runs.run import Run
from maskcls.ui import charts
from maskcls.ui.teach.review import picture_of
from maskcls.ui.words import counted, named, plain

_MOST_SHOWN = 12


def show(run: Run) -> None:
    """Show the version that a run made beside the one that was at work then, and let people choose."""
    told = run.result
    st.subheader("What came out", anchor=False)
    _choose(told)
    compared = told["comparison"]
    if not compared["new"]:
        st.info(
            "The model at work knows other classes, or there are no test pictures of two classes: they cannot be "
            "compared.",
            icon=":material/compare_arrows:",
        )
        if compared["alone"]:
            _one(told["version"], compared["alone"])
        return
    _figures(told)
    left, right = st.columns(2)
    with left:
        _matrix(told["version"], compared["new"])
    with right:
        _matrix(told["at_work"], compared["at_work"])
    _changed(run, compared)


def _choose(told: dict[str, Any]) -> None:
    name = told["version"]
    registry = Registry()
    if name not in [version.name for version in registry.versions()]:
        st.caption(f"The version {plain(name)} is gone by now.")
        return
    at_work = registry.at_work().name
    if name == at_work:
        st.success(f"{plain(name)} is at work.", icon=":material/check_circle:")
        if told["at_work"] != name and st.button(
            f"Back to {told['at_work']}", icon=":material/undo:", key="result_back"
        ):
            _promote(told["at_work"])
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Put to work", type="primary", icon=":material/rocket_launch:", key="result_promote"):
            _promote(name)
        if st.button("Keep the old one", icon=":material/close:", key="result_keep"):
            st.session_state["result_kept"] = name
    if st.session_state.get("result_kept") == name:
        st.caption(
            f"{plain(at_work)} stays at work. {plain(name)} is kept among the versions and can be put to work later."
        )


def _promote(name: str) -> None:
    try:
        Registry().promote(name)
    except MaskclsError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state.pop("result_kept", None)
    st.toast(f"{name} is at work now.")
    # The sidebar names the model at work, so the whole page is drawn again.
    st.rerun()


def _figures(told: dict[str, Any]) -> None:
    compared = told["comparison"]
    new, old = compared["new"], compared["at_work"]
    with st.container(horizontal=True):
        for words, key in (("Accuracy", "accuracy"), ("Macro-F1", "macro_f1")):
            st.metric(words, f"{new[key]:.1%}", f"{100 * (new[key] - old[key]):+.1f} points", border=True)
        for words, key in (("Right now, wrong before", "better"), ("Wrong now, right before", "worse")):
            some = len(compared[key])
            st.metric(words, some, f"of {new['n']}", delta_color="off", delta_arrow="off", border=True)
    rows = [
        _row("accuracy", new["accuracy"], old["accuracy"], new["interval95"]["accuracy"], old["interval95"]["accuracy"])
    ]
    for name in compared["classes"]:
        for key in ("precision", "recall", "f1"):
            intervals = [one["interval95"]["f1"][name] if key == "f1" else None for one in (new, old)]
            words = f"{labels.look(name).words} · {'F1' if key == 'f1' else key}"
            rows.append(_row(words, new["per_class"][name][key], old["per_class"][name][key], *intervals))
    rows.append({"": "time for one face", "new": f"{new['ms']:.1f} ms", "at work": f"{old['ms']:.1f} ms"})
    sizes = {key: f"{told['bytes'][told[key]] / 1e6:.1f} MB" for key in ("version", "at_work")}
    rows.append({"": "size", "new": sizes["version"], "at work": sizes["at_work"]})
    st.dataframe(
        [{"": row[""], told["version"]: row["new"], f"{told['at_work']} (at work)": row["at work"]} for row in rows],
        hide_index=True,
        height="content",
        alt="Figures of the new version and of the one at work",
    )
    least = min(new["n"], old["n"])
    st.caption(
        f"On {counted(new['n'], 'picture', 'pictures')} of the test part, which the new version never learnt from, "
        "with 95 % intervals in brackets. Both choose among the classes that both know."
        + _left_out(compared.get("left_out", 0))
        + (" Of so few pictures, a difference of some points may be chance." if least < 200 else "")
    )


def _left_out(count: int) -> str:
    if not count:
        return ""
    known = counted(count, "further picture is", "further pictures are")
    return f" {known} left out, which one of them knew from another data set."


def _one(name: str, figures: dict[str, Any]) -> None:
    st.metric(f"Accuracy of {plain(name)}", f"{figures['accuracy']:.1%}")
    _matrix(name, figures)


def _row(words: str, new: float | None, old: float | None, of_new: Any, of_old: Any) -> dict[str, str]:
    return {"": words, "new": _measured(new, of_new), "at work": _measured(old, of_old)}


def _measured(value: float | None, interval: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" + (f" ({interval[0]:.1%}–{interval[1]:.1%})" if interval else "")


def _matrix(name: str, figures: dict[str, Any]) -> None:
    st.markdown(f"**{plain(name)}**")
    classes = list(figures["per_class"])
    st.plotly_chart(
        charts.confusion(figures["confusion"], classes),
        config=charts.STILL,
        key=f"confusion_{name}",
        alt=charts.confusion_in_words(figures["confusion"], classes),
    )


def _changed(run: Run, compared: dict[str, Any]) -> None:
    try:
        dataset = asking.shelf().open(str(run.asked["settings"]["dataset"]))
    except MaskclsError:
        st.caption("The data set is gone, so its pictures cannot be shown any more.")
        return
    for key, words in (("better", "Right now, wrong before"), ("worse", "Wrong now, right before")):
        some = compared[key]
        if some:
            st.markdown(f"**{words}** · {len(some)}")
            pages = -(-len(some) // _MOST_SHOWN)
            page = st.pagination(pages, key=f"result_{key}_{run.id}") if pages > 1 else 1
            _pictures(dataset, some[(page - 1) * _MOST_SHOWN : page * _MOST_SHOWN])


def _pictures(dataset: Dataset, some: list[dict[str, str]]) -> None:
    with st.grid("auto", min_column_width=140):
        for one in some:
            with st.container(gap="xsmall", border=True):
                st.image(picture_of(dataset, one["file"]), width="stretch", alt=plain(one["source"]))
                st.caption(
                    f"is {plain(named(one['label']))}  \nwas said {plain(named(one['was']))}  \n"
                    f"now said {plain(named(one['is']))}"
                )
