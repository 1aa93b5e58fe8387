"""Data sets from Kaggle by their handle, downloaded by kagglehub into its own cache."""

import re
from pathlib import Path

from maskcls.errors import DatasetError

_HANDLE = re.compile(r"[A-Za-z0-9-]{1,80}/[A-Za-z0-9-]{1,80}(/versions/[0-9]{1,5})?")


def check_handle(handle: str) -> None:
    """Raise a `DatasetError` where a text is no handle of a Kaggle data set."""
    if not _HANDLE.fullmatch(handle):
        raise DatasetError(
            f"{handle[:80]!r} is no handle of a Kaggle data set. It is what follows kaggle.com/datasets/ in the "
            "address: owner/name."
        )


def download(handle: str) -> Path:
    """Return the folder with the files of a Kaggle data set, downloaded unless they are there already.

    Args:
        handle: `owner/name`, perhaps with `/versions/3`.

    Raises:
        DatasetError: It is no handle, or the data set cannot be had; says why.
    """
    check_handle(handle)
    # Only who wants something from Kaggle waits for it.
    import kagglehub
    from kagglehub.exceptions import CredentialError, DataCorruptionError, KaggleApiHTTPError, UnauthenticatedError

    try:
        return Path(kagglehub.dataset_download(handle))
    except (UnauthenticatedError, CredentialError) as error:
        raise DatasetError(_no_credentials(handle)) from error
    except KaggleApiHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise DatasetError(_no_credentials(handle)) from error
        if status == 404:
            raise DatasetError(f"There is no data set {handle} on Kaggle, or it is not public.") from error
        raise DatasetError(f"Kaggle answered with an error ({status}). Try again later.") from error
    except DataCorruptionError as error:
        raise DatasetError("What came from Kaggle is damaged. Try again.") from error
    except OSError as error:  # every error of a connection is one
        raise DatasetError(
            "Kaggle cannot be reached: connect this server to the network, or download the data set yourself and "
            "bring its ZIP."
        ) from error


def _no_credentials(handle: str) -> str:
    return (
        f"Kaggle gives {handle} only to those who log in. Set KAGGLE_API_TOKEN to a token from kaggle.com/settings, or "
        "download the data set yourself and bring its ZIP."
    )
