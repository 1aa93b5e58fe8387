"""Which servers help a browser and this server to find a way to each other (ICE, RFC 8445)."""

import os
from collections.abc import Mapping
from typing import Any

from maskcls.errors import SettingsError

LOCAL_ONLY = "MASKCLS_LOCAL_NETWORK_ONLY"
TURN_URL, TURN_USER, TURN_PASSWORD = "MASKCLS_TURN_URL", "MASKCLS_TURN_USERNAME", "MASKCLS_TURN_CREDENTIAL"
_SCHEMES = ("turn:", "turns:", "stun:", "stuns:")


def rtc_configuration(settings: Mapping[str, str] = os.environ) -> dict[str, Any] | None:
    """Return the servers for both sides of a connection.

    With `MASKCLS_LOCAL_NETWORK_ONLY=1` none at all: nothing leaves the network, and nobody outside can connect. With
    `MASKCLS_TURN_URL` (several with commas), `MASKCLS_TURN_USERNAME` and `MASKCLS_TURN_CREDENTIAL` one's own. Else
    None: streamlit-webrtc chooses, with the credentials of Cloudflare, Twilio or Hugging Face where the environment
    has them.

    Raises:
        SettingsError: An address is none of STUN or TURN.
    """
    if settings.get(LOCAL_ONLY, "").strip().lower() in ("1", "true", "yes", "on"):
        return {"iceServers": []}
    urls = [url.strip() for url in settings.get(TURN_URL, "").split(",") if url.strip()]
    if not urls:
        return None
    wrong = [url for url in urls if not url.startswith(_SCHEMES)]
    if wrong:
        raise SettingsError(f"{TURN_URL} holds addresses that begin with turn:, turns: or stun:. Got: {wrong[0]}")
    server: dict[str, Any] = {"urls": urls}
    if settings.get(TURN_USER):
        server |= {"username": settings[TURN_USER], "credential": settings.get(TURN_PASSWORD, "")}
    return {"iceServers": [server]}
