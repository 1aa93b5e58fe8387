"""Plotly figures that several pages show."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from maskcls import labels
from maskcls.ui.words import named, percentages

# Charts are looked at, not played with: no tool bar, and a finger on one scrolls the page.
STILL = {"staticPlot": True, "displayModeBar": False, "responsive": True}
_BAR_PX = 30
_MARGIN_PX = 8
_TRACK = "rgba(128, 128, 128, 0.18)"
_DOT = "#3b7dd8"
_CLEAR = "rgba(0, 0, 0, 0)"
_SCALE = {"gridcolor": _TRACK, "zeroline": False, "automargin": True}


def probability_bars(probabilities: Mapping[str, float]) -> go.Figure:
    """Return a bar per class, in the model's order, whose numbers add up to 100.0 %."""
    shares = percentages(probabilities)
    names = [named(name) for name in shares]
    bars = go.Bar(
        x=list(shares.values()),
        y=names,
        orientation="h",
        marker={"color": [labels.look(name).colour for name in shares], "cornerradius": 3},
        hoverinfo="skip",
    )
    track = go.Bar(
        x=[100.0] * len(names),
        y=names,
        orientation="h",
        marker={"color": _TRACK, "cornerradius": 3},
        text=[f"{share:.1f} %" for share in shares.values()],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
    return _chart(
        [track, bars],
        height=_BAR_PX * len(names) + 2 * _MARGIN_PX,
        margin={"l": 0, "r": 0, "t": _MARGIN_PX, "b": _MARGIN_PX},
        xaxis={"range": [0, 128], "visible": False},
        yaxis={"autorange": "reversed", "automargin": True, "ticks": "", "showgrid": False},
        barmode="overlay",
        bargap=0.45,
        showlegend=False,
    )


def in_words(probabilities: Mapping[str, float]) -> str:
    """Return what `probability_bars` shows, for those who cannot see it."""
    return ", ".join(f"{labels.look(name).words} {share:.1f} %" for name, share in percentages(probabilities).items())


def shares(verdicts: Mapping[str, float]) -> go.Figure:
    """Return one bar that is divided like the verdicts of the last minute."""
    return _shares(tuple(percentages(verdicts).items()))


# A stream asks every second, and mostly for the same.
@functools.lru_cache(maxsize=64)
def _shares(verdicts: tuple[tuple[str, float], ...]) -> go.Figure:
    bars = [
        go.Bar(
            x=[share],
            y=[""],
            orientation="h",
            name=named(name),
            marker={"color": labels.look(name).colour},
            text=f"{share:.0f}%",
            textposition="inside",
            insidetextanchor="middle",
            hoverinfo="skip",
        )
        for name, share in verdicts
    ]
    return _chart(
        bars,
        height=90,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={"range": [0, 100], "visible": False},
        yaxis={"visible": False},
        legend={"y": -0.2},
        barmode="stack",
        uniformtext={"minsize": 10, "mode": "hide"},
    )


def timeline(seconds: Mapping[int, Mapping[str, float]]) -> go.Figure:
    """Return how many faces of each verdict there were in each second of a video."""
    found = dict.fromkeys(name for counts in seconds.values() for name in counts)
    order = [*labels.CLASSES, labels.NOT_SURE]
    names = sorted(found, key=lambda name: order.index(name) if name in order else len(order))
    times = list(range(max(seconds, default=0) + 1))
    bars = [
        go.Bar(
            x=times,
            y=[seconds.get(second, {}).get(name, 0.0) for second in times],
            name=named(name),
            marker={"color": labels.look(name).colour, "line": {"width": 0}},
            hoverinfo="skip",
        )
        for name in names
    ]
    return _chart(
        bars,
        height=260,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={**_SCALE, "title": {"text": "seconds"}, "showgrid": False},
        yaxis={**_SCALE, "title": {"text": "faces"}, "rangemode": "tozero"},
        legend={"y": 1.12},
        barmode="stack",
        bargap=0.0,
    )


def reliability(points: Sequence[Mapping[str, float]]) -> go.Figure:
    """Return the reliability diagram of `metrics.reliability`'s bins (DeGroot and Fienberg, 1983)."""
    most = max(point["n"] for point in points)
    dots = go.Scatter(
        x=[point["confidence"] for point in points],
        y=[point["accuracy"] for point in points],
        mode="markers",
        # Areas, not widths, stand for numbers of faces; the smallest can still be seen.
        marker={"size": [6 + 22 * (point["n"] / most) ** 0.5 for point in points], "color": _DOT, "opacity": 0.85},
        hoverinfo="skip",
    )
    line = go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": _TRACK, "width": 2}, hoverinfo="skip")
    scale = {**_SCALE, "tickformat": ".0%"}
    least = min(0.3, *(point["confidence"] - 0.03 for point in points))
    return _chart(
        [line, dots],
        height=280,
        margin={"l": 0, "r": 16, "t": 16, "b": 0},
        xaxis={**scale, "range": [least, 1.03], "title": {"text": "says it is sure by"}},
        yaxis={**scale, "range": [-0.06, 1.08], "title": {"text": "is right"}},
        showlegend=False,
    )


def reliability_in_words(points: Sequence[Mapping[str, float]]) -> str:
    """Return what `reliability` shows, for those who cannot see it."""
    said = [f"sure by {one['confidence']:.0%}, right in {one['accuracy']:.0%} of {one['n']:.0f}" for one in points]
    return f"Reliability diagram: {'; '.join(said)}"


def _chart(
    traces: Sequence[Any], *, xaxis: Mapping[str, Any], yaxis: Mapping[str, Any], legend: Any = None, **layout: Any
) -> go.Figure:
    """Return a figure on the page's own background that stays as it is when it is clicked or dragged."""
    whole = {
        "showlegend": True,
        "font": {"size": 13},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "xaxis": {"fixedrange": True, **xaxis},
        "yaxis": {"fixedrange": True, **yaxis},
        "legend": {"orientation": "h", "x": 0, "itemclick": False, "itemdoubleclick": False, **(legend or {})},
        **layout,
    }
    # All at once: Plotly takes five times as long to change a figure as to make one.
    return go.Figure(traces, whole)
