"""Where a search keeps its trials: a database by its URL, which may hold a password and so is never shown whole."""

import os
import re
from pathlib import Path
from urllib.parse import unquote, unquote_plus

from maskcls.errors import RunError, SettingsError
from maskcls.training.runs.run import Run

_URL = re.compile(r"[A-Za-z][\w+]*://.+", re.DOTALL)
_SQLITE = "sqlite"
_PRIVATE = "storage"


def check_url(url: str) -> None:
    """Raise a `SettingsError`, which does not repeat it, where a text is no URL of a database."""
    if not _URL.fullmatch(url):
        raise SettingsError("--storage wants the URL of a database: postgresql://user:password@host/name, for example.")
    if _is_sqlite(url) and not _path_of(url):
        raise SettingsError("A database in memory keeps no search. Name a file: sqlite:////folder/searches.sqlite")


def hidden(url: str) -> str:
    """Return a URL as it may be shown: without a password, and without what may hold one."""
    kind, sign, rest = url.partition("://")
    if _is_sqlite(url):
        return url.partition("?")[0]
    # The last one: who types a password with an @ in it shall not read it in the name of a host.
    who, at, where = rest.rpartition("@")
    user, colon, _ = who.partition(":")
    return f"{kind}{sign}{user}{':***' if colon else ''}{at}{where.partition('?')[0]}"


def without_secrets(text: str, url: str) -> str:
    """Return what a database said of a URL, as it may be shown."""
    rest = url.partition("://")[2]
    password = rest.rpartition("@")[0].partition(":")[2]
    asked = [pair.partition("=")[2] for pair in rest.partition("?")[2].split("&")]
    text = text.replace(url, hidden(url))
    for secret in (password, *asked):
        for form in (secret, unquote(secret), unquote_plus(secret)):
            text = text.replace(form, "***") if form else text
    return text


def absolute(url: str) -> str:
    """Return a URL that leads to the same place from every working folder."""
    path = _path_of(url)
    if not path or path.startswith("file:"):
        return url
    question = url.partition("?")[1:]
    return f"{url.partition('://')[0]}:///{Path(path).absolute()}{''.join(question)}"


def usual_url(home: Path) -> str:
    """Return where searches lie that were given no database: one file for all, so that one can be added to later."""
    return f"{_SQLITE}:///{home.absolute() / 'searches.sqlite'}"


def keep_private(run: Run, url: str) -> None:
    """Write a URL where only this person, and the run, can read it."""
    descriptor = os.open(run.path / _PRIVATE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(url)


def kept_url(run: Run) -> str:
    """Return what `keep_private` wrote.

    Raises:
        RunError: It is gone.
    """
    try:
        return (run.path / _PRIVATE).read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"The run {run.id} has lost the URL of its database. Start another one.") from error


def _is_sqlite(url: str) -> bool:
    return re.match(rf"{_SQLITE}(\+\w+)?://", url) is not None


def _path_of(url: str) -> str:
    """Return the path of an SQLite file; empty where it is something else, or in memory."""
    path = url.partition("://")[2].partition("?")[0].removeprefix("/")
    return path if _is_sqlite(url) and path != ":memory:" else ""
