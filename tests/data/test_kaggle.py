"""What Kaggle's answers become: a folder, or a sentence that says what to do."""

from pathlib import Path
from types import SimpleNamespace

import kagglehub
import pytest
from kagglehub.exceptions import DataCorruptionError, KaggleApiHTTPError, UnauthenticatedError

from maskcls.data.kaggle import check_handle, download
from maskcls.errors import DatasetError


@pytest.mark.parametrize("handle", ["", "name", "../x", "a/b/c", "https://kaggle.com/datasets/a/b", "a/b/versions/x"])
def test_what_is_no_handle(handle: str):
    with pytest.raises(DatasetError, match="owner/name"):
        check_handle(handle)


@pytest.mark.parametrize("handle", ["owner/face-mask-12k", "owner/name/versions/3"])
def test_what_is_one(handle: str):
    check_handle(handle)


def test_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(kagglehub, "dataset_download", lambda _: str(tmp_path))
    assert download("owner/name") == tmp_path


def answered(status: int) -> KaggleApiHTTPError:
    return KaggleApiHTTPError("x", response=SimpleNamespace(status_code=status, headers={}, text="", request=None))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionError("no route"), "connect this server to the network"),
        (UnauthenticatedError("x"), "KAGGLE_API_TOKEN"),
        (answered(403), "KAGGLE_API_TOKEN"),
        (answered(404), "no data set owner/name"),
        (answered(503), "503"),
        (DataCorruptionError("x"), "damaged"),
    ],
)
def test_what_goes_wrong(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str):
    def fail(_: str) -> str:
        raise error

    monkeypatch.setattr(kagglehub, "dataset_download", fail)
    with pytest.raises(DatasetError, match=said):
        download("owner/name")
