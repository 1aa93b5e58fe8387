"""What every page shows beside itself: settings of the analysis, the model at work, and its card."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from maskcls import labels
from maskcls.analysis import Settings
from maskcls.cards import Card
from maskcls.errors import MaskclsError
from maskcls.finder.finder import DEFAULT_MIN_FACE_PX, DEFAULT_MIN_SCORE
from maskcls.registry import Registry
from maskcls.ui import charts, models
from maskcls.ui.words import badge, plain

_SCORES = (0.1, 0.95)
_FACE_PX = (10, 200)


def settings() -> tuple[Settings, bool]:
    """Show the settings of the analysis; they are kept for the session, on every page.

    Returns:
        What was chosen, and whether heatmaps are wanted.
    """
    score = min_score()
    with st.sidebar:
        face_px = st.slider(
            "Smallest face",
            *_FACE_PX,
            DEFAULT_MIN_FACE_PX,
            2,
            format="%d px",
            key="min_face_px",
            persist_state="session",
            help="Faces whose longer side has fewer pixels are left out.",
        )
        heatmaps = st.toggle("Show heatmaps", value=True, key="show_heatmaps", persist_state="session")
    return Settings(score, min(max(int(face_px), 1), 10_000)), bool(heatmaps)


def min_score() -> float:
    """Show how sure the face finder has to be, which is kept for the session on every page, and return it."""
    with st.sidebar:
        st.subheader("Settings", anchor=False)
        score = st.slider(
            "Confidence of the face finder",
            *_SCORES,
            DEFAULT_MIN_SCORE,
            0.05,
            key="min_score",
            persist_state="session",
            help="Lower finds more faces, and more things that are no faces.",
        )
    # A browser can send what no slider offers.
    return min(max(float(score), _SCORES[0]), _SCORES[1])


def show_model() -> None:
    """Show which model is at work and on what, with its card one press away."""
    try:
        loaded = models.at_work()
        wanted = Registry().at_work()
    except MaskclsError:
        # The page says what is wrong.
        return
    card, device = loaded.classifier.card, loaded.classifier.device
    with st.sidebar:
        st.subheader("Model at work", anchor=False)
        with st.container(gap="xsmall"):
            st.text(card.name)
            st.caption(f":material/memory: {plain(device)}")
        if wanted.name != card.name:
            st.warning(f"{plain(wanted.name)} cannot be loaded; {plain(card.name)} stands in for it.")
        if st.button("Model card", icon=":material/description:", key="model_card", width="stretch"):
            _show_card(card, loaded.finder.card, device)


@st.dialog("Model card", width="medium")
def _show_card(card: Card, finder: Card, device: str) -> None:
    st.subheader(plain(card.title or card.name), anchor=False)
    st.markdown(" ".join(badge(name) for name in card.classes))
    facts = {
        "Version": card.name,
        "Made on": card.created,
        "Runs on": device,
        "Face finder": finder.name,
        "Face crop": f"{card.input_px} × {card.input_px} px, {card.cut_scale:g} × the longer side of the face",
        f"“{labels.look(labels.NOT_SURE).words}” below": f"{card.threshold:.0%} for the likeliest class",
        "Temperature": f"{card.temperature:.2f}",
        "Started from": card.parent or "",
        "Not for": card.not_for,
    }
    st.table(_as_table({name: value for name, value in facts.items() if value}), border="horizontal")
    if card.figures:
        st.markdown("**How good it was found to be**")
        if points := reliability_points(card.figures):
            st.plotly_chart(
                charts.reliability(points),
                config=charts.STILL,
                key="reliability",
                alt=charts.reliability_in_words(points),
            )
            st.caption(
                "How sure it says it is, and how often it is right then, on test faces. On the line both are the same; "
                "larger dots stand for more faces."
            )
        st.dataframe(
            [{"Figure": name, "Value": value} for name, value in flat(card.figures).items()],
            hide_index=True,
            alt="Figures of the model",
        )
    if card.data:
        st.markdown("**What it was trained on**")
        st.dataframe(
            [{name: str(value) for name, value in one.items()} for one in card.data],
            hide_index=True,
            alt="Data the model was trained on",
        )


def reliability_points(figures: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return the bins of the reliability diagram; none when there are none, or when a stranger's card has other things.

    See `metrics.reliability`.
    """
    points = figures.get("reliability")
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        return []
    limits = {"confidence": 1, "accuracy": 1, "n": 1e9}
    if not all(_is_number(point.get(name), most) for point in points for name, most in limits.items()):
        return []
    return [point for point in points if point["n"] > 0]


def _is_number(value: Any, most: float) -> bool:
    """Tell whether a value is a number from 0 to `most`; neither NaN nor a truth value is."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def flat(figures: Mapping[str, Any], *, before: str = "") -> dict[str, str]:
    """Return figures that lie in each other as one list: `{"faces": {"n": 9}}` becomes `{"faces · n": "9"}`.

    A list is an interval, None something not measured; what is drawn as a chart is left out.
    """
    listed: dict[str, str] = {}
    for name, value in figures.items():
        path = f"{before} · {name}" if before else str(name)
        if path == "reliability":
            continue
        if isinstance(value, Mapping):
            listed |= flat(value, before=path)
        else:
            listed[path] = _in_words(value)
    return listed


def _in_words(value: Any) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, list):
        return "–".join(map(_in_words, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _as_table(facts: dict[str, str]) -> dict[str, list[str]]:
    return {"": list(facts), " ": [plain(value) for value in facts.values()]}
