"""Giving a face away for teaching, and taking it back."""

from collections.abc import Sequence

import streamlit as st

from maskcls.data.inbox import KEPT_DAYS, Inbox
from maskcls.errors import MaskclsError
from maskcls.registry import home
from maskcls.training.runs import asking
from maskcls.ui.words import counted, named, plain
from maskcls.video.stream import Stream

_TAKEN, _OWNER = "keep_taken", "keep_owner"


def show(mine: Stream, classes: Sequence[str]) -> None:
    """Show how to keep the largest face that is seen now, under a class, and how to erase what was kept.

    Args:
        mine: The stream.
        classes: The model's.
    """
    # What has expired goes whenever somebody looks.
    _inbox().faces()
    st.caption(
        f"A face that you keep is stored on this server for {KEPT_DAYS} days, to teach the model with. Nothing else is."
    )
    if st.button("Take the largest face", icon=":material/photo_camera:", key="keep_take"):
        faces = mine.live.now_faces() if mine.live is not None and mine.running else []
        st.session_state[_TAKEN] = faces[0][2] if faces else None
        if not faces:
            st.info("Nobody is seen right now. Start the camera and look into it.", icon=":material/face:")
    if st.session_state.get(_TAKEN) is not None:
        _form(classes)
    _erase()


def _form(classes: Sequence[str]) -> None:
    taken = st.session_state[_TAKEN]
    with st.form("keep_form", border=True):
        st.image(taken, width=160, caption="The face as it would be kept")
        label = st.selectbox("What it shows", list(classes), format_func=named)
        consent = st.checkbox("This is me, or the person agrees that the picture is kept")
        if st.form_submit_button("Keep this face", icon=":material/bookmark:", type="primary"):
            try:
                kept = _inbox().keep(taken, str(label), consent=consent, owner=st.session_state.get(_OWNER))
            except (MaskclsError, OSError) as error:
                words = str(error) if isinstance(error, MaskclsError) else "It could not be written to disk."
                st.error(plain(words), icon=":material/error:")
                return
            st.session_state[_OWNER] = kept.owner
            st.session_state[_TAKEN] = None
            st.success(
                f"Kept until {kept.expires[:10]}. To take back all that you gave, you need this code: `{kept.owner}`",
                icon=":material/bookmark_added:",
            )


def _erase() -> None:
    with st.popover("Erase mine", icon=":material/delete:"):
        code = st.text_input("Code", value=st.session_state.get(_OWNER, ""), key="keep_code", max_chars=40)
        if st.button("Erase", key="keep_erase", disabled=not code):
            erased = _inbox().erase(code)
            if erased:
                # Training sets that were made with them go too; the models that learnt from these cannot forget.
                asking.shelf().forget({Inbox.source(kept) for kept in erased})
                st.success(f"{counted(len(erased), 'face', 'faces')} erased.")
            else:
                st.info("Nothing is kept under this code (any more).")


def _inbox() -> Inbox:
    return Inbox(home() / "inbox")
