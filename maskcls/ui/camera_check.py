"""Which step between a camera and this page fails, and what to do about it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

# Asks the browser, sends what it says, and shows nothing: words are Python's.
_JS = """
export default function (component) {
  const { data, parentElement, setStateValue } = component
  // Once for each place that this is shown in: a page that is drawn anew while it asks gets the answer too.
  if (!data || parentElement.maskclsRun === data.run) return
  parentElement.maskclsRun = data.run
  // Some browsers never answer some of this.
  const soon = (promise) => {
    const late = new Promise((_, reject) => setTimeout(reject, 4000))
    return Promise.race([promise, late]).catch(() => undefined)
  }
  const path = async () => {
    const kinds = []
    try {
      const peer = new RTCPeerConnection()
      peer.onicecandidate = (event) => { if (event.candidate?.type) kinds.push(event.candidate.type) }
      peer.createDataChannel("check")
      await peer.setLocalDescription(await peer.createOffer())
      for (let i = 0; i < 30 && peer.iceGatheringState !== "complete"; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      peer.close()
    } catch { return null }
    return [...new Set(kinds)]
  }
  const ask = async () => {
    const media = navigator.mediaDevices
    const [devices, permission, paths] = await Promise.all([
      soon(media?.enumerateDevices()),
      soon(navigator.permissions?.query({ name: "camera" })),
      soon(path()),
    ])
    return {
      run: data.run,
      secure: window.isSecureContext,
      api: !!media?.getUserMedia,
      cameras: devices?.filter((one) => one.kind === "videoinput").length,
      permission: permission?.state,
      paths,
    }
  }
  ask().then((report) => setStateValue("report", report))
}
"""
_RUN, _ANSWER = "camera_check_run", "camera_check_answer"
_COMPONENT = st.components.v2.component("maskcls_camera_check", html="<span></span>", js=_JS)


@dataclass(frozen=True)
class Step:
    """One step of the way.

    Attributes:
        title: What was looked at.
        works: Whether it does; None where the browser does not say.
        advice: What to do about it; empty where nothing has to be done.
    """

    title: str
    works: bool | None
    advice: str = ""


def show() -> None:
    """Show a button that checks the camera's way, and what came out."""
    # By a callback: the video's own messages may end a run of the page before it comes here.
    st.button("Check my camera", icon=":material/troubleshoot:", key="camera_check", on_click=_start)
    run = st.session_state.get(_RUN)
    if run is None:
        return
    answer = _ask(run) or st.session_state.get(_ANSWER)
    if answer and answer.get("run") == run:
        st.session_state[_ANSWER] = answer
    else:
        st.caption("Asking the browser …")
        return
    for step in steps(answer):
        icon = {True: ":green[:material/check:]", False: ":red[:material/close:]", None: ":material/help:"}[step.works]
        st.markdown(f"{icon} {step.title}" + (f"  \n{step.advice}" if step.advice else ""))


def _start() -> None:
    # A new word each time: the browser answers each once, also after this server began anew.
    st.session_state[_RUN] = secrets.token_hex(4)


def _ask(run: str) -> Mapping[str, Any] | None:
    """Return the browser's report of this run; None while there is none. Pages are tested without it."""
    result = _COMPONENT(key="camera_check_report", data={"run": run}, on_report_change=lambda: None)
    report = getattr(result, "report", None)
    return report if isinstance(report, Mapping) else None


def steps(report: Mapping[str, Any]) -> list[Step]:
    """Return the steps of the way, in their order, from what a browser said (which may be anything)."""
    secure, cameras, permission = report.get("secure"), report.get("cameras"), report.get("permission")
    paths = report.get("paths")
    count = cameras if isinstance(cameras, int) and not isinstance(cameras, bool) else None
    return [
        Step(
            "The page is open by https or on localhost",
            bool(secure) and bool(report.get("api")),
            ""
            if secure and report.get("api")
            else "Browsers give no camera to other pages. Open it by https (`make app-https`), or on this very machine "
            "as http://localhost:8501.",
        ),
        Step(
            "There is a camera",
            None if count is None else count > 0,
            "Plug one in, and close other programs that use it." if count == 0 else "",
        ),
        Step(
            "The browser may use it",
            {"granted": True, "denied": False}.get(str(permission)),
            {
                "granted": "",
                "denied": "It was refused before: allow the camera beside the page's address, then load the page anew.",
            }.get(str(permission), "It will ask when you press Start: allow it."),
        ),
        Step(
            "The browser makes video connections",
            bool(paths) if isinstance(paths, list) else None,
            ""
            if isinstance(paths, list) and paths
            else "Something keeps video connections (WebRTC) from this page: a setting of the browser or an extension. "
            "Try another browser.",
        ),
        Step(
            "There is a way through the network to this server",
            None,
            "Only a start shows that. Both on one network works at once; else whoever runs this server has to name a "
            "TURN server (README, *Live*).",
        ),
    ]
