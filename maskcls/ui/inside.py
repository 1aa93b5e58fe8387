"""Inside the network: its layers, what they answer to a face, what they look for, and where faces lie for the last."""

import base64
import hashlib

import numpy as np
import streamlit as st

from maskcls import images, labels
from maskcls.analysis import Settings, crop_of
from maskcls.explain import layers
from maskcls.explain.network import Network
from maskcls.ui import charts, gallery, models
from maskcls.ui.desk import Desk
from maskcls.ui.gallery import Gallery
from maskcls.ui.models import Opened
from maskcls.ui.pick_face import Chosen
from maskcls.ui.words import counted

_MOST_MAPS, _MAP_PX, _ACROSS = 64, 72, 16
_FILTER_PX = 36
_SHOWN_PX = 224
_HOVER_PX = 96
_ANSWERS_KEPT = 8


def show(chosen: Chosen, desk: Desk, settings: Settings) -> None:
    """Show the network that was chosen, with the chosen face going through it.

    Raises:
        ModelError: The network cannot be opened.
    """
    opened = models.opened(chosen.version)
    network = opened.network
    crop_rgb = crop_of(chosen.face, chosen.image_rgb, size_px=network.input_px)
    _architecture(network)
    layer = _layer(network, chosen)
    _feature_maps(network, crop_rgb, layer)
    faces = gallery.show(chosen.models, desk, settings)
    _channel(opened, crop_rgb, layer, faces)
    _first_filters(network)
    _space(opened, faces)


def _architecture(network: Network) -> None:
    st.subheader("The network", anchor=False)
    total = sum(layer.parameters for layer in network.layers)
    st.caption(
        f"{counted(len(network.layers), 'layer', 'layers')}, {total:,} parameters. Each bar is a layer, the first on "
        "the left: its height is the side of its maps in cells, its shade how many channels it has."
    )
    st.plotly_chart(
        charts.architecture(network.layers),
        config={"displayModeBar": False},
        key="architecture",
        alt="The layers of the network, whose maps get smaller and more",
    )
    with st.expander("All layers as a table", icon=":material/table:"):
        rows = [
            {
                "Layer": one.name,
                "Kind": one.kind,
                "Answers": " × ".join(map(str, one.shape)),
                "Parameters": one.parameters,
            }
            for one in network.layers
        ]
        st.dataframe(rows, hide_index=True, alt="Layers with shapes and parameters")


def _layer(network: Network, chosen: Chosen) -> str:
    names = network.spatial_layers
    shapes = {layer.name: "×".join(map(str, layer.shape)) for layer in network.layers}
    picked = st.selectbox(
        "Look at layer",
        names,
        names.index(network.default_layer),
        format_func=lambda name: f"{name} · {shapes[name]}",
        key=f"inside_layer_{chosen.version}",
    )
    return picked if picked in names else network.default_layer


def _feature_maps(network: Network, crop_rgb: np.ndarray, layer: str) -> None:
    st.subheader("What it answers to this face", anchor=False)
    found = layers.feature_maps(network, crop_rgb, layer)
    shown = found.maps[:_MOST_MAPS]
    low, high = (getattr(shown, of)(axis=(1, 2), keepdims=True) for of in ("min", "max"))
    level = np.rint((shown - low) / np.maximum(high - low, 1e-9) * 255).astype(np.uint8)
    tiles = np.repeat(level[..., None], 3, axis=3)
    st.image(
        layers.grid(tiles, across=_ACROSS, tile_px=_MAP_PX),
        width="stretch",
        output_format="PNG",
        alt=f"The {len(shown)} most active feature maps of {layer}",
    )
    numbers = ", ".join(str(number) for number in found.channels[:8])
    st.caption(
        f"{len(shown)} of {len(found.maps)} channels, the most active first (channels {numbers} …), each from its "
        f"lowest value (black) to its highest (white). {counted(found.dead, 'channel is', 'channels are')} the same "
        "everywhere in this picture, and so says nothing of it."
    )


def _channel(opened: Opened, crop_rgb: np.ndarray, layer: str, known: Gallery) -> None:
    st.subheader("What a channel looks for", anchor=False)
    network = opened.network
    found = layers.feature_maps(network, crop_rgb, layer)
    most = len(found.channels) - 1
    channel = st.number_input(
        f"Channel of {layer}", 0, most, int(found.channels[0]), key=f"inside_channel_{layer}", width=240
    )
    channel = min(max(int(channel), 0), most)
    sought, faces = st.columns([1, 2], gap="medium")
    with sought:
        st.caption("Made from noise, step by step, to excite it as much as can be:")
        _looked_for(opened, layer, channel)
    with faces:
        st.caption("The faces that excite it most, of all there are to compare with:")
        best = layers.most_exciting(_answers(opened, known, layer), channel, most=8)
        with st.grid(4, min_column_width=70, gap="xsmall"):
            for i, strength in best:
                st.image(
                    known.crops[i],
                    width="stretch",
                    output_format="JPEG",
                    caption=f"{strength:.2f}",
                    alt=f"{labels.look(known.classes[i]).words}, {strength:.2f}",
                )


def _looked_for(opened: Opened, layer: str, channel: int) -> None:
    key = f"looked_for_{opened.stamp}_{layer}_{channel}"
    if key not in st.session_state:
        if not st.button("Make the picture", icon=":material/auto_awesome:", key=f"make_{key}"):
            return
        bar = st.progress(0.0, "Climbing …")
        st.session_state[key] = layers.looked_for(
            opened.network, layer, channel, tell=lambda share: bar.progress(share, "Climbing …")
        )
        bar.empty()
    alt = f"What excites channel {channel} of {layer}"
    st.image(st.session_state[key], width=_SHOWN_PX, output_format="PNG", alt=alt)


def _first_filters(network: Network) -> None:
    filters = layers.first_filters(network)
    if filters is None:
        return
    st.subheader("The first filters", anchor=False)
    st.image(
        layers.grid(filters, across=_ACROSS, tile_px=_FILTER_PX),
        output_format="PNG",
        alt=f"{len(filters)} filters of {filters.shape[1]} by {filters.shape[2]} pixels",
    )
    empty = int((filters == filters[:, :1, :1, :1]).all(axis=(1, 2, 3)).sum())
    st.caption(
        "What the first convolution multiplies the picture's colours with; grey is nothing. "
        f"{counted(empty, 'filter is', 'filters are')} empty."
    )


def _space(opened: Opened, known: Gallery) -> None:
    st.subheader("Where faces lie for the last layer", anchor=False)
    if len(known.crops) < 3:
        st.caption("It takes three faces or more. Add pictures.")
        return
    places = layers.places(_answers(opened, known, opened.network.default_layer))
    rows = [
        {
            "x": float(x),
            "y": float(y),
            "class": labels.look(verdict).words,
            "picture": origin,
            "image": _data_uri(crop),
        }
        for (x, y), verdict, origin, crop in zip(places, known.classes, known.origins, known.crops, strict=True)
    ]
    st.vega_lite_chart(charts.faces_in_space(rows), width="stretch", alt="Faces that the network finds alike lie close")
    st.caption(
        "Faces that the network finds alike lie close to each other. The two directions are those in which they differ "
        "most (principal components). Point at a dot to see the face."
    )


def _answers(opened: Opened, known: Gallery, layer: str) -> np.ndarray:
    """Return what a layer answers to all faces; hundreds are asked once, not at every press of a button."""
    crops = known.stacked
    key = (opened.stamp, layer, hashlib.sha256(crops.tobytes()).hexdigest())
    kept: dict[tuple, np.ndarray] = st.session_state.setdefault("inside_answers", {})
    if key not in kept:
        if len(kept) >= _ANSWERS_KEPT:
            kept.clear()
        kept[key] = layers.mean_answers(opened.network, crops, layer)
    return kept[key]


def _data_uri(crop_rgb: np.ndarray) -> str:
    step = max(1, len(crop_rgb) // _HOVER_PX)
    data = images.encode(np.ascontiguousarray(crop_rgb[::step, ::step]), suffix=".jpg")
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
