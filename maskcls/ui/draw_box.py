"""Drawing a box around a face that the finder missed: with mouse or finger on the picture, or with sliders."""

import base64

import cv2
import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.typing import PlotlyState

from maskcls import images
from maskcls.ui.desk import Desk, Picture

_SHOWN_PX = 800
_TALLEST_PX, _WIDEST_PX = 420, 760
# Invisible points that a selection can catch; Plotly tells nothing of a box that catches none.
_POINTS_ACROSS = 40
_COLOUR = "#0072b2"


def show(picture: Picture, image_rgb: np.ndarray, desk: Desk, *, missed: bool) -> None:
    """Show the tool, folded away until it is wanted.

    Args:
        picture: The picture to draw on.
        image_rgb: Its pixels.
        desk: Where the box goes.
        missed: Whether other faces were found.
    """
    title = "Someone missed? Draw a box around the face" if missed else "Draw a box around a face"
    tool = st.expander(title, icon=":material/ink_selection:", key=f"draw_{picture.key}", on_change="rerun")
    if tool.open:
        with tool:
            _tool(picture, image_rgb, desk)


@st.fragment
def _tool(picture: Picture, image_rgb: np.ndarray, desk: Desk) -> None:
    height, width = image_rgb.shape[:2]
    across, down = f"across_{picture.key}", f"down_{picture.key}"
    st.session_state.setdefault(across, (round(width * 0.35), round(width * 0.65)))
    st.session_state.setdefault(down, (round(height * 0.3), round(height * 0.7)))
    chart = f"box_{picture.key}"
    st.caption("Drag a rectangle around the face, or move the two sliders.")
    place = st.container()
    left, right = st.slider("From left to right", 0, width, key=across, format="%d px")
    top, bottom = st.slider("From top to bottom", 0, height, key=down, format="%d px")
    place.plotly_chart(
        box_figure(image_rgb, (left, top, right, bottom)),
        key=chart,
        on_select=lambda: _follow(st.session_state.get(chart), across, down, (width, height)),
        selection_mode="box",
        config={"displayModeBar": False, "scrollZoom": False, "doubleClick": False},
        alt="The picture with the box that will be added",
    )
    enough = right - left >= 1 and bottom - top >= 1
    if st.button("Add this face", icon=":material/add:", key=f"add_{picture.key}", disabled=not enough):
        if desk.draw(picture.key, (left, top, right, bottom), image_rgb.shape):
            st.rerun()
        st.warning("No more boxes fit on this picture. Remove one first.")


def box_figure(image_rgb: np.ndarray, box_xyxy: tuple[float, float, float, float]) -> go.Figure:
    """Return the picture as a figure to draw a rectangle on, with one rectangle shown.

    Args:
        image_rgb: `(h, w, 3) uint8`.
        box_xyxy: The rectangle, in pixels of the picture, as are the figure's axes.
    """
    height, width = image_rgb.shape[:2]
    columns, rows = np.meshgrid(np.linspace(0, width, _POINTS_ACROSS), np.linspace(0, height, _POINTS_ACROSS))
    points = go.Scattergl(
        x=columns.ravel(), y=rows.ravel(), mode="markers", marker={"opacity": 0, "size": 1}, hoverinfo="skip"
    )
    figure = go.Figure(points)
    picture = {"source": _data_uri(image_rgb), "xref": "x", "yref": "y", "x": 0, "y": 0, "layer": "below"}
    figure.add_layout_image(picture | {"sizex": width, "sizey": height, "sizing": "stretch"})
    x0, y0, x1, y1 = box_xyxy
    figure.add_shape(type="rect", x0=x0, y0=y0, x1=x1, y1=y1, line={"color": "#ffffff", "width": 5})
    figure.add_shape(type="rect", x0=x0, y0=y0, x1=x1, y1=y1, line={"color": _COLOUR, "width": 3})
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_layout(
        dragmode="select",
        height=max(60, min(_TALLEST_PX, round(_WIDEST_PX * height / width))),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        xaxis=axis | {"range": [0, width]},
        yaxis=axis | {"range": [height, 0], "scaleanchor": "x", "scaleratio": 1},
        newselection={"line": {"color": _COLOUR, "width": 2, "dash": "solid"}},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _follow(event: PlotlyState | None, across: str, down: str, picture_wh: tuple[int, int]) -> None:
    """Move the sliders to where somebody dragged; nothing where they let go of the selection."""
    boxes = event["selection"]["box"] if event else []
    if not boxes:
        return
    width, height = picture_wh
    # A browser can send anything.
    try:
        xs = sorted(min(max(round(float(x)), 0), width) for x in boxes[0]["x"])
        ys = sorted(min(max(round(float(y)), 0), height) for y in boxes[0]["y"])
        st.session_state[across], st.session_state[down] = (xs[0], xs[-1]), (ys[0], ys[-1])
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        return


def _data_uri(image_rgb: np.ndarray) -> str:
    height, width = image_rgb.shape[:2]
    scale = min(1.0, _SHOWN_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA)
    return f"data:image/jpeg;base64,{base64.b64encode(images.encode(small, suffix='.jpg')).decode()}"
