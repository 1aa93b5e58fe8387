"""A certificate for this machine's own addresses, kept while it is good."""

import ssl
from pathlib import Path

import pytest
from click.testing import CliRunner

from maskcls import certificate


def test_an_empty_folder_holds_no_good_one(tmp_path: Path):
    assert not certificate.is_good(tmp_path, [])


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_a_damaged_one_is_no_good_one(tmp_path: Path, content: bytes):
    certificate.write(tmp_path, [])
    (tmp_path / certificate.CERTIFICATE).write_bytes(content)
    assert not certificate.is_good(tmp_path, [])


def test_a_server_can_use_it_and_only_its_owner_can_read_the_key(tmp_path: Path):
    certificate.write(tmp_path, ["192.0.2.7"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / certificate.CERTIFICATE, tmp_path / certificate.KEY)
    assert (tmp_path / certificate.KEY).stat().st_mode & 0o077 == 0
    assert certificate.is_good(tmp_path, ["192.0.2.7"])
    assert not certificate.is_good(tmp_path, ["192.0.2.8"])


def test_the_command_keeps_a_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(certificate, "own_addresses", lambda: ["192.0.2.7"])
    for _ in range(2):
        result = CliRunner().invoke(certificate.main, [str(tmp_path / "https")])
        assert result.output == "On this network: https://192.0.2.7:8501\n"
        key = (tmp_path / "https" / certificate.KEY).read_bytes()
    CliRunner().invoke(certificate.main, [str(tmp_path / "https")])
    assert (tmp_path / "https" / certificate.KEY).read_bytes() == key


def test_own_addresses_are_addresses():
    assert all(len(address.split(".")) == 4 for address in certificate.own_addresses())
