"""Which servers a connection may use, from the environment."""

import pytest

from maskcls.errors import SettingsError
from maskcls.video.network import LOCAL_ONLY, TURN_PASSWORD, TURN_URL, TURN_USER, rtc_configuration


def test_nothing_is_said():
    assert rtc_configuration({}) is None
    assert rtc_configuration({LOCAL_ONLY: "0", TURN_URL: " , "}) is None


@pytest.mark.parametrize("value", ["1", "true", "Yes", " on "])
def test_only_the_local_network(value: str):
    assert rtc_configuration({LOCAL_ONLY: value, TURN_URL: "turn:x:3478"}) == {"iceServers": []}


def test_a_server_of_ones_own():
    settings = {TURN_URL: "turn:a.example:3478, turns:a.example:443", TURN_USER: "me", TURN_PASSWORD: "secret"}
    assert rtc_configuration(settings) == {
        "iceServers": [
            {"urls": ["turn:a.example:3478", "turns:a.example:443"], "username": "me", "credential": "secret"}
        ]
    }
    assert rtc_configuration({TURN_URL: "stun:b.example"}) == {"iceServers": [{"urls": ["stun:b.example"]}]}


@pytest.mark.parametrize("url", ["https://a.example", "a.example:3478", "turn:a,javascript:b"])
def test_what_is_no_server(url: str):
    with pytest.raises(SettingsError, match="begin with turn:"):
        rtc_configuration({TURN_URL: url})
