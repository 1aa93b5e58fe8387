"""Several methods side by side: where each says the model looked, and how far that can be trusted."""

from collections import OrderedDict

import numpy as np
import streamlit as st

from maskcls import drawing, images
from maskcls.analysis import crop_of
from maskcls.classifier.second_look import CLEAR
from maskcls.explain import methods
from maskcls.explain.explanation import Explanation, explain_face
from maskcls.explain.regions import OUTSIDE
from maskcls.face import Face
from maskcls.ui import charts, downloads, face_card, models
from maskcls.ui.models import Opened
from maskcls.ui.pick_face import Chosen
from maskcls.ui.words import named, plain

_KEPT = 120
_SHOWN_PX = 288
_CARD_PX = 430
_SHELF, _CHOSEN = "explanations", "explain_methods"
HOW_TO_READ = (
    "Left the face, in the middle the map, right both: the brighter, the more a place spoke for the class. Each map is "
    "scaled to its own strongest place."
)
_BOTH_VIEWS = (
    "The percentages are of the face and its mirror image together, since the first answer was not clear; the maps are "
    "of the face as it is."
)


def show(chosen: Chosen) -> None:
    """Show the methods of one's choice for the chosen face.

    Raises:
        ModelError: The network cannot be opened.
    """
    opened = models.opened(chosen.version)
    network = opened.network
    known = methods.names_for(network)
    # The default asks about no class; what it is shown beside does.
    st.session_state.setdefault(_CHOSEN, [methods.DEFAULT, "evidence" if network.has_evidence else "grad-cam"])
    st.session_state[_CHOSEN] = [name for name in st.session_state[_CHOSEN] if name in known]
    name = _class(chosen)
    picked = st.pills(
        "Methods",
        known,
        selection_mode="multi",
        format_func=_title,
        key=_CHOSEN,
        persist_state="session",
        wrap=True,
        help="Those marked with a clock ask the network hundreds of times.",
    )
    layer, opacity, colour_map = _looks(opened)
    if not picked:
        st.info("Choose a method above.", icon=":material/touch_app:")
        return
    st.caption(_how_to_read(chosen.face))
    with st.grid("auto", min_column_width=_CARD_PX):
        for by in sorted(picked, key=lambda by: by != methods.DEFAULT):
            with st.container(border=True, height="stretch", gap="small"):
                found = _explained(chosen, opened, name, by, layer)
                _card(found, chosen, opacity=opacity, colour_map=colour_map)


def _how_to_read(face: Face) -> str:
    # A clear first answer stays as it is: what is below was asked twice.
    asked_twice = max(face.probabilities.values()) < CLEAR
    return f"{HOW_TO_READ} {_BOTH_VIEWS}" if asked_twice else HOW_TO_READ


def _class(chosen: Chosen) -> str:
    names = list(chosen.face.probabilities)
    picked = st.pills(
        "Why, or why not",
        names,
        default=chosen.face.label,
        required=True,
        format_func=lambda name: plain(f"{named(name)} {chosen.face.probabilities[name]:.0%}"),
        key=f"explain_class_{chosen.key}",
        wrap=True,
    )
    return picked if picked in names else chosen.face.label


def _looks(opened: Opened) -> tuple[str, float, str]:
    """Show what can be changed about all maps; return layer, opacity and colour map."""
    layers, default = opened.network.spatial_layers, opened.network.default_layer
    shapes = {layer.name: "×".join(map(str, layer.shape)) for layer in opened.network.layers}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = st.selectbox(
            "Layer",
            layers[::-1],
            layers[::-1].index(default),
            key=f"explain_layer_{opened.stamp}",
            format_func=lambda name: f"{name} · {shapes[name]}",
            help="For the methods that look at one layer. Earlier ones are finer, and know less of masks.",
        )
        percent = st.slider("Opacity", 0, 100, 60, 5, format="%d %%", key="explain_opacity", persist_state="session")
        maps = list(drawing.COLOUR_MAPS)
        colour_map = st.selectbox("Colours", maps, key="explain_colours", persist_state="session", width=140)
    return (
        layer if layer in layers else default,
        min(max(percent, 0), 100) / 100,
        colour_map if colour_map in maps else maps[0],
    )


def _explained(chosen: Chosen, opened: Opened, name: str, by: str, layer: str) -> Explanation:
    """Return an explanation, from the shelf or newly made; a slow one shows how far it is and can be stopped."""
    shelf: OrderedDict[tuple, Explanation] = st.session_state.setdefault(_SHELF, OrderedDict())
    key = (chosen.key, opened.stamp, name, by, layer if methods.method(by).uses_layer else "")
    if key not in shelf:
        waiting = st.empty()
        with waiting.container():
            st.markdown(f"**{methods.method(by).title}**")
            bar = st.progress(0.0, "Looking …")
            if methods.method(by).is_slow:
                # A press ends this run of the page at the next step of the bar.
                st.button(
                    f"Stop {methods.method(by).title}",
                    icon=":material/stop_circle:",
                    key=f"stop_{by}",
                    on_click=_leave_out,
                    args=(by,),
                )
            st.skeleton(height=_SHOWN_PX // 2)
        shelf[key] = explain_face(
            opened.network,
            chosen.face,
            crop_of(chosen.face, chosen.image_rgb, size_px=opened.network.input_px),
            name=name,
            by=by,
            layer=layer,
            ignorant=opened.ignorant,
            tell=lambda share: bar.progress(min(share, 1.0), "Looking …"),
        )
        waiting.empty()
    shelf.move_to_end(key)
    while len(shelf) > _KEPT:
        shelf.popitem(last=False)
    return shelf[key]


def _leave_out(by: str) -> None:
    st.session_state[_CHOSEN] = [name for name in st.session_state[_CHOSEN] if name != by]


def _card(found: Explanation, chosen: Chosen, *, opacity: float, colour_map: str) -> None:
    method = methods.method(found.method)
    with st.container(gap="xsmall"):
        st.subheader(method.title, anchor=False, help=method.about)
        facts = [named(found.name), f"{found.took_ms:.0f} ms", *([found.layer] if found.layer else [])]
        st.caption(plain(" · ".join(facts)))
    crop_rgb = face_card.crop(chosen.face, chosen.image_rgb)
    shown = drawing.overlay(crop_rgb, found.visible, opacity=opacity, colour_map=colour_map)
    map_rgb = drawing.heat_picture(found.visible, size_px=len(crop_rgb), colour_map=colour_map)
    if found.is_empty:
        st.image(crop_rgb, width=_SHOWN_PX // 2, output_format="JPEG", alt="The face")
        st.caption(f":material/info: {plain(found.sentence)}")
        return
    pictures = [(crop_rgb, "The face"), (map_rgb, f"The map by {method.title}"), (shown, "The map over the face")]
    with st.grid(3, wrap=False, min_column_width=60, gap="xsmall"):
        for picture, alt in pictures:
            st.image(picture, width="stretch", output_format="JPEG", alt=alt)
    st.caption(f":material/visibility: {plain(found.sentence)}")
    with st.expander("Can you trust this map?", icon=":material/fact_check:"):
        _trust(found)
    stem = f"maskcls-{found.method.replace('+', 'p')}"
    with st.container(horizontal=True):
        sheet = np.hstack([picture for picture, _ in pictures])
        downloads.button("PNG", images.encode(sheet), f"{stem}.png", "image/png", ":material/image:")
        downloads.button("Raw map", found.as_npz(), f"{stem}.npz", "application/octet-stream", ":material/data_array:")


def _trust(found: Explanation) -> None:
    seen = found.trust
    st.plotly_chart(
        charts.trust_curves(seen.insertion, seen.deletion),
        config=charts.STILL,
        key=f"curves_{found.method}",
        alt=f"Insertion area {seen.insertion_area:.2f}, deletion area {seen.deletion_area:.2f}",
    )
    rows = {
        "Insertion area (higher is better)": f"{seen.insertion_area:.2f}",
        "Deletion area (lower is better)": f"{seen.deletion_area:.2f}",
        "Average drop, only the hot region kept (lower is better)": f"{seen.average_drop:.0%}",
    }
    if seen.likeness is not None:
        rows["Likeness to the map of a model that knows nothing (near 0 is better)"] = f"{seen.likeness:.2f}"
    if found.regions is not None:
        rows |= {
            f"Share {'beside the face' if name == OUTSIDE else f'on the {name}'}": f"{share:.0%}"
            for name, share in found.regions.shares.items()
        }
    st.table({"": list(rows), " ": list(rows.values())}, border="horizontal")
    st.caption(
        "Insertion: the hottest pixels come first into a blurred picture. Deletion: they are the first to be covered "
        "with the picture's mean colour. The curves show what the model then says of the class."
    )


def _title(by: str) -> str:
    method = methods.method(by)
    return f":material/schedule: {method.title}" if method.is_slow else method.title
