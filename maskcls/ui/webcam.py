"""The webcam on a page: the video itself, its switches, its numbers, and what happened."""

import time
from typing import Any

import pandas as pd
import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer
from streamlit_webrtc.credentials import get_available_ice_servers

from maskcls import report
from maskcls.ui import charts, downloads, sound
from maskcls.ui.desk import Models
from maskcls.ui.words import badge, counted, plain
from maskcls.video.history import Event
from maskcls.video.live import Stats, View
from maskcls.video.network import rtc_configuration
from maskcls.video.sparing import Sparing
from maskcls.video.stream import Stream

_KEY, _MODELS, _STATE, _SINCE = "live_stream", "live_models", "live_state", "live_since"
_WIDTH, _HEIGHT, _FPS = 640, 480, 30
_REFRESH_S = 1.0
_EVENTS_SHOWN = 100
# A connection on one's own network takes less than two.
_SLOW_S = 6.0


def stream(models: Models) -> Stream:
    """Return this session's stream, which answers with these models from its next frame on."""
    mine: Stream | None = st.session_state.get(_KEY)
    if mine is None:
        mine = st.session_state[_KEY] = Stream(lambda *_: [])
    if st.session_state.get(_MODELS) != models.stamp:
        st.session_state[_MODELS] = models.stamp
        mine.analyse = Sparing(models.finder, models.classifier).faces
    return mine


def video(mine: Stream) -> str:
    """Show the video with its Start button; return "idle", "connecting" or "playing".

    Raises:
        SettingsError: The servers for the connection make no sense.
    """
    return _connect(mine, rtc_configuration())


def _connect(mine: Stream, rtc: dict[str, Any] | None) -> str:
    """Hand the stream over to streamlit-webrtc; pages are tested without it."""
    context = webrtc_streamer(
        key="webcam",
        mode=WebRtcMode.SENDRECV,
        # Its own choice would be kept for as long as the server lives, and credentials last an hour or two.
        rtc_configuration={"iceServers": get_available_ice_servers()} if rtc is None else rtc,
        media_stream_constraints={
            "video": {
                "width": {"ideal": _WIDTH},
                "height": {"ideal": _HEIGHT},
                "frameRate": {"ideal": _FPS},
                "facingMode": {"ideal": "user"},
            },
            "audio": False,
        },
        # Else frames that come close together are dropped, and each goes back one frame late.
        async_processing=False,
        video_frame_callback=mine.recv,
        on_video_ended=mine.ended,
        # Phones would play it in a window of its own, or not at all, without playsInline.
        video_html_attrs={
            "autoPlay": True,
            "controls": False,
            "muted": True,
            "playsInline": True,
            "style": {"width": "100%"},
        },
        translations={
            "start": "Start",
            "stop": "Stop",
            "select_device": "Choose a camera",
            "media_api_not_available": "This browser gives no camera here: open the page by https or on localhost.",
            "device_ask_permission": "Allow the camera when the browser asks.",
            "device_not_available": "The camera is not there, or another program uses it.",
            "device_access_denied": "The camera was refused. Allow it beside the address, and press Start again.",
        },
    )
    return "playing" if context.state.playing else "connecting" if context.state.signalling else "idle"


def view(min_score: float) -> View:
    """Show the switches and return what they say; they are kept for the session.

    Args:
        min_score: How sure the face finder has to be.
    """
    with st.container(horizontal=True):
        boxes = _toggle("Boxes", "boxes", on=True)
        heatmap = _toggle("Heatmap", "heatmap", on=False, help="Where the evidence for the likeliest class lies.")
        mirrored = _toggle("Mirror", "mirrored", on=True)
        paused = _toggle("Pause", "paused", on=False, help="The video goes on; the model rests.")
    smallest = st.slider(
        "Smallest face",
        16,
        120,
        View.smallest_px,
        4,
        format="%d px",
        key="live_smallest",
        persist_state="session",
        help="Of a picture 640 pixels wide. Larger is quicker: the finder need not look as closely.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        alert = _toggle("Alert", "alert", on=False, help="When a face without a mask stays.")
        seconds = st.number_input(
            "after (s)",
            1,
            120,
            5,
            key="live_alert_s",
            persist_state="session",
            disabled=not alert,
            width=130,
            format="%d",
        )
        with_sound = _toggle("with sound", "sound", on=False, disabled=not alert)
    st.session_state["live_sounds"] = bool(alert and with_sound)
    return View(
        boxes=boxes,
        heatmap=heatmap,
        mirrored=mirrored,
        paused=paused,
        # A browser can send what no slider offers.
        smallest_px=min(max(int(smallest), 10), 1000),
        min_score=min_score,
        alert_s=float(seconds) if alert else None,
    )


def numbers(mine: Stream, *, state: str) -> None:
    """Show how the stream is doing and what happened in it, again every second while there is one."""
    since_s = st.session_state.setdefault(_SINCE, time.monotonic())
    if state != st.session_state.get(_STATE):
        st.session_state[_STATE] = state
        since_s = st.session_state[_SINCE] = time.monotonic()
    st.fragment(_numbers, run_every=None if state == "idle" else _REFRESH_S)(mine, state, since_s)


def _numbers(mine: Stream, state: str, since_s: float) -> None:
    live = mine.live
    seen = live.stats() if live is not None else Stats()
    stats = seen if mine.running else Stats(shares=seen.shares)
    _measures(stats)
    if state != "idle" and not mine.running:
        _say_waiting(time.monotonic() - since_s)
    if stats.fault:
        st.warning(plain(stats.fault), icon=":material/error:")
    alert_s = live.view.alert_s if live is not None else None
    if alert_s is not None and stats.bare_s >= alert_s:
        st.error(f"A face without a mask has been there for {stats.bare_s:.0f} s.", icon=":material/notifications:")
        if st.session_state.get("live_sounds"):
            st.audio(sound.CHIME, format="audio/wav", autoplay=True, width=160)
    faces = ", ".join(f"{count} {badge(name)}" for name, count in stats.faces.items())
    st.markdown(f"**Now** {faces or 'nobody'}")
    if stats.shares:
        words = f"Last minute: {charts.in_words(stats.shares)}"
        st.plotly_chart(charts.shares(stats.shares), config=charts.STILL, key="live_shares", alt=words)
    if live is not None:
        _log(live.events(), mine.epoch_s)


def _say_waiting(passed_s: float) -> None:
    if passed_s < _SLOW_S:
        st.caption(":material/hourglass: Waiting for the first picture …")
        return
    st.warning(
        "No picture comes. The browser may still be asking for the camera: allow it. If it was allowed, no way through "
        "the network was found between this browser and the server: both on one network works at once, else whoever "
        "runs this server has to name a TURN server (README, *Live*). *No video?* checks the rest.",
        icon=":material/signal_disconnected:",
    )


def _measures(stats: Stats) -> None:
    with st.grid("auto", min_column_width=110):
        st.metric("Camera", f"{stats.camera_fps:.1f} fps" if stats.camera_fps else "–")
        st.metric("Model", f"{stats.result_fps:.1f} fps" if stats.result_fps else "–", help="Frames analysed.")
        st.metric("Our delay", _ms(stats.callback_ms), help="What 95 of 100 frames waited for us at most.")
        st.metric("Age", _ms(stats.age_ms), help="How old what is drawn on a frame is: 95 of 100 frames, at most.")
    if stats.stages_ms:
        stages = ", ".join(f"{name} {ms:.0f} ms" for name, ms in stats.stages_ms.items())
        st.caption(f"Each result takes: {stages}")


def _log(events: list[Event], epoch_s: float) -> None:
    words = f"Log: {counted(len(events), 'event', 'events')}"
    log = st.expander(words, icon=":material/list:", key="live_log", on_change="rerun")
    # While nobody looks, not even prepared: it would take a third of this page's time, every second.
    if not log.open:
        return
    with log:
        table = report.event_rows(events, epoch_s=epoch_s)
        st.dataframe(pd.DataFrame(table[::-1][:_EVENTS_SHOWN]), hide_index=True, height=220, alt="Who changed verdict")
        data = report.csv_text(table).encode("utf-8-sig")
        downloads.button("Log (CSV)", data, "maskcls-live.csv", "text/csv", ":material/table:", disabled=not events)


def _toggle(label: str, name: str, *, on: bool, **options: Any) -> bool:
    return bool(st.toggle(label, value=on, key=f"live_{name}", persist_state="session", **options))


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
