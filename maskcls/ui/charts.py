"""Plotly figures that several pages show."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from maskcls import labels
from maskcls.ui.words import named, percentages

if TYPE_CHECKING:
    from maskcls.explain.network import Layer

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


def trust_curves(insertion: np.ndarray, deletion: np.ndarray) -> go.Figure:
    """Return how likely the class is as pixels come in and go, most important first: `explain.trust`'s curves."""
    places = np.linspace(0, 100, len(insertion))
    curves = [
        go.Scatter(x=places, y=curve, mode="lines", name=name, line={"color": colour, "width": 3, "dash": dash})
        for name, curve, colour, dash in (
            ("pixels brought in", insertion, _DOT, "solid"),
            ("pixels taken away", deletion, "#cc79a7", "dot"),
        )
    ]
    return _chart(
        curves,
        height=240,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={**_SCALE, "title": {"text": "% of pixels"}, "range": [0, 100]},
        yaxis={**_SCALE, "tickformat": ".0%", "range": [0, 1.03]},
        legend={"y": 1.15},
    )


def boundary(places: np.ndarray, probabilities: Mapping[str, np.ndarray], here: float) -> go.Figure:
    """Return how likely each class is as something moves from 0 to 1, and where it is now."""
    curves = [
        go.Scatter(
            x=100 * places,
            y=curve,
            mode="lines+markers",
            name=named(name),
            line={"color": labels.look(name).colour, "width": 3},
            marker={"size": 5},
        )
        for name, curve in probabilities.items()
    ]
    now = go.Scatter(
        x=[100 * here] * 2, y=[0, 1], mode="lines", line={"color": "gray", "dash": "dash"}, showlegend=False
    )
    return _chart(
        [*curves, now],
        height=340,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={**_SCALE, "title": {"text": "% of the way down"}, "range": [-1, 101]},
        yaxis={**_SCALE, "tickformat": ".0%", "range": [0, 1.03]},
        legend={"y": 1.12},
    )


def architecture(layers: Sequence["Layer"]) -> go.Figure:
    """Return a bar per layer, the first on the left: as high as its maps, as dark as it has channels."""
    sides = [layer.shape[0] if layer.is_spatial else 1 for layer in layers]
    steps = sorted(set(sides))
    channels = [layer.shape[-1] for layer in layers]
    bars = go.Bar(
        x=list(range(1, len(layers) + 1)),
        y=sides,
        marker={
            "color": np.log2(np.maximum(channels, 1)),
            "colorscale": "Cividis_r",
            "colorbar": {"title": {"text": "channels"}, **_powers_of_two(channels), "thickness": 12},
            "line": {"width": 0},
        },
        customdata=[
            (layer.name, layer.kind, " × ".join(map(str, layer.shape)), f"{layer.parameters:,}") for layer in layers
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}<br>"
        "%{customdata[3]} parameters<extra></extra>",
    )
    return _chart(
        [bars],
        height=240,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={**_SCALE, "title": {"text": "layer"}, "showgrid": False},
        # Halved again and again: only on such a scale all can be seen.
        yaxis={
            **_SCALE,
            "type": "log",
            "tickvals": steps,
            "ticktext": [str(step) for step in steps],
            "range": [-0.15, float(np.log10(steps[-1])) + 0.05],
            "title": {"text": "side in cells"},
        },
        showlegend=False,
        bargap=0.15,
    )


def _powers_of_two(values: Sequence[int]) -> dict[str, Any]:
    """Return the ticks of a colour bar for logarithms of these values."""
    low, high = (int(np.log2(max(of(values), 1))) for of in (min, max))
    places = list(range(low, high + 1, 2))
    return {"tickvals": places, "ticktext": [str(2**place) for place in places]}


def faces_in_space(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return faces as dots, coloured by class, as a Vega-Lite chart: Plotly shows no pictures where one points.

    Args:
        rows: Of each face `x`, `y`, `class`, `picture`, and `image`, a data URI.
    """
    looks = [labels.look(name) for name in (*labels.CLASSES, labels.NOT_SURE)]
    known = {look.words: look.colour for look in looks}
    verdicts = list(dict.fromkeys(row["class"] for row in rows))
    colours = [known.get(verdict, labels.look("").colour) for verdict in verdicts]
    shapes = ["circle", "square", "triangle-up", "diamond", "cross"]
    bare = {"axis": None, "scale": {"zero": False}}
    return {
        "data": {"values": list(rows)},
        "height": 380,
        "mark": {"type": "point", "filled": True, "size": 130, "opacity": 0.85},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", **bare},
            "y": {"field": "y", "type": "quantitative", **bare},
            "color": {"field": "class", "type": "nominal", "scale": {"domain": verdicts, "range": colours}},
            "shape": {
                "field": "class",
                "type": "nominal",
                "scale": {"domain": verdicts, "range": [shapes[i % len(shapes)] for i in range(len(verdicts))]},
            },
            "tooltip": [{"field": "image"}, {"field": "class"}, {"field": "picture"}],
        },
    }


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


def learning_curves(lines: Sequence[Mapping[str, Any]], what: str, *, pictures: int, epochs: int) -> go.Figure:
    """Return how a run's loss or accuracy went: each step faintly, and the ends of its epochs.

    Args:
        lines: See `training.runs.progress`.
        what: `loss` or `accuracy`.
        pictures: How many are in an epoch.
        epochs: How many there will be at most.
    """
    steps = [line for line in lines if line["kind"] == "batch"]
    ends = [line for line in lines if line["kind"] == "epoch"]
    traces = [
        go.Scatter(
            x=[line["at"] / pictures for line in steps],
            y=_smooth([line[what] for line in steps]),
            mode="lines",
            name="each step",
            line={"color": _TRACK.replace("0.18", "0.5"), "width": 1},
        )
    ]
    for words, key, colour, dash in (
        ("training", "train", _DOT, "solid"),
        ("validation", "validation", "#cc79a7", "dot"),
    ):
        known = [line for line in ends if line[key]]
        traces.append(
            go.Scatter(
                x=[line["epoch"] + 1 for line in known],
                y=[line[key][what] for line in known],
                mode="lines+markers",
                name=words,
                line={"color": colour, "width": 3, "dash": dash},
            )
        )
    share = what == "accuracy"
    return _chart(
        traces,
        height=240,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={**_SCALE, "title": {"text": "epoch"}, "range": [0, epochs * 1.02]},
        yaxis={**_SCALE, "title": {"text": what}, "tickformat": ".0%" if share else "", "rangemode": "normal"},
        legend={"y": 1.15},
    )


def _smooth(values: Sequence[float]) -> list[float]:
    """Return a running mean: single steps of a few pictures jump too much to be read."""
    result: list[float] = []
    for value in values:
        result.append(value if not result else 0.8 * result[-1] + 0.2 * value)
    return result


def parallel_coordinates(
    trials: Sequence[Mapping[str, Any]], words: Mapping[str, str], *, logarithmic: Sequence[str] = ()
) -> go.Figure:
    """Return each trial of a search as a line through what it chose to how it did; darker is better.

    Args:
        trials: See `training.runs.trials`; those with a value.
        words: What the settings are called.
        logarithmic: Those of which a factor counts, not a difference.
    """
    values = [trial["value"] for trial in trials]
    names = [name for name in words if any(name in trial["params"] for trial in trials)]
    dimensions = [
        _dimension(words[name], [trial["params"].get(name) for trial in trials], logarithmic=name in logarithmic)
        for name in names
    ]
    lines = go.Parcoords(
        dimensions=[*dimensions, {"label": "loss", "values": values}],
        line={"color": values, "colorscale": "Cividis", "cmin": min(values), "cmax": max(values)},
    )
    return _chart(
        [lines], height=300, margin={"l": 70, "r": 50, "t": 60, "b": 20}, xaxis={}, yaxis={}, showlegend=False
    )


def _dimension(label: str, chosen: Sequence[Any], *, logarithmic: bool) -> dict[str, Any]:
    """Return an axis of parallel coordinates; names are numbered, and what was not chosen lies at its lower end."""
    if any(isinstance(value, str) for value in chosen):
        names = sorted({str(value) for value in chosen})
        places = [names.index(str(value)) for value in chosen]
        return {"label": label, "values": places, "tickvals": list(range(len(names))), "ticktext": names}
    known = [value for value in chosen if value is not None]
    values = [min(known) if value is None else value for value in chosen]
    if logarithmic:
        powers = [math.log2(value) for value in values]
        ticks = np.linspace(min(powers), max(powers), 5).tolist()
        return {"label": label, "values": powers, "tickvals": ticks, "ticktext": [f"{2**one:.2g}" for one in ticks]}
    return {"label": label, "values": values}


def importances(shares: Mapping[str, float]) -> go.Figure:
    """Return how much each setting mattered in a search, the most important one on top."""
    ordered = sorted(shares.items(), key=lambda item: item[1])
    bars = go.Bar(
        x=[100 * share for _, share in ordered],
        y=[name for name, _ in ordered],
        orientation="h",
        marker={"color": _DOT, "cornerradius": 3},
        text=[f"{share:.0%}" for _, share in ordered],
        hoverinfo="skip",
    )
    return _chart(
        [bars],
        height=60 + 36 * len(ordered),
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={"visible": False},
        yaxis={"automargin": True, "ticks": ""},
        showlegend=False,
    )


def confusion(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> go.Figure:
    """Return how often each true class (a row) was answered with each class (a column)."""
    names = [named(name) for name in classes]
    shares = [[value / max(1, sum(row)) for value in row] for row in counts]
    heat = go.Heatmap(
        z=shares,
        x=names,
        y=names,
        text=[[str(value) for value in row] for row in counts],
        texttemplate="%{text}",
        colorscale=[[0, _CLEAR], [1, "rgba(59, 125, 216, 0.75)"]],
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )
    return _chart(
        [heat],
        height=90 + 55 * len(classes),
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        xaxis={"title": {"text": "answered"}, "automargin": True, "ticks": ""},
        yaxis={"title": {"text": "truth"}, "autorange": "reversed", "automargin": True, "ticks": ""},
        showlegend=False,
    )


def confusion_in_words(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Return what `confusion` shows, for those who cannot see it."""
    said = [
        f"of {sum(row)} {labels.look(name).words}: "
        + ", ".join(
            f"{count} as {labels.look(other).words}" for count, other in zip(row, classes, strict=True) if count
        )
        for name, row in zip(classes, counts, strict=True)
    ]
    return f"Confusion matrix: {'; '.join(said)}"


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
