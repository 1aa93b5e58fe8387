"""Which versions there are and which one serves, whatever people do to the files.

Versions are copied where a test damages them; the answer of a classifier tells which one was loaded.
"""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from maskcls import registry as module
from maskcls.analysis import analyse
from maskcls.cards import read_card
from maskcls.errors import ModelError
from maskcls.registry import Registry


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MASKCLS_DEVICE", "cpu")
    return tmp_path / "home"


@pytest.fixture
def registry(home: Path, models_folder: Path) -> Registry:
    return Registry(home, models_folder)


@pytest.fixture
def own(home: Path, two_class_version: Path) -> Path:
    """A version that somebody made."""
    return Path(shutil.copytree(two_class_version, home / "models" / "own-1"))


def names(registry: Registry, kind: str = "classifier") -> list[str]:
    return [version.name for version in registry.versions(kind)]


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_nothing_at_all(tmp_path: Path):
    empty = Registry(tmp_path / "home", tmp_path / "shipped")
    assert empty.versions() == []
    for ask in (empty.classifier, empty.finder, empty.at_work, empty.shipped_name):
        with pytest.raises(ModelError, match=r"shipped\.json is missing"):
            ask()
    with pytest.raises(ModelError, match="There are: none"):
        empty.version("tiny-3")


def test_versions(registry: Registry, own: Path):
    assert names(registry) == ["tiny-3", "own-1"]
    assert names(registry, "finder") == ["squares"]
    assert [version.shipped for version in registry.versions()] == [True, False]
    assert registry.version("own-1").path == own


def test_what_is_no_version_is_left_out(registry: Registry, own: Path, caplog: pytest.LogCaptureFixture):
    (own.parent / "empty").mkdir()
    (own.parent / "notes.txt").write_text("hello")
    shutil.copytree(own, own.parent / ".being-written")
    assert names(registry) == ["tiny-3", "own-1"]
    assert "empty" in caplog.text


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../own-1",
        "own-1/",
        "a/../own-1",
        "/etc",
        ".hidden",
        "a\\b",
        "own-1\n",
        "a b",
        "x" * 65,
        "ö",
        "%2e",
    ],
)
@pytest.mark.usefixtures("own")
def test_names_that_lead_elsewhere(registry: Registry, name: str):
    for ask in (registry.version, registry.classifier, registry.promote):
        with pytest.raises(ModelError, match="cannot be the name of a version"):
            ask(name)
    assert registry.at_work().name == "tiny-3"


@pytest.mark.parametrize("name", ["nobody", "squares"])
@pytest.mark.usefixtures("own")
def test_there_is_no_such_classifier(registry: Registry, name: str):
    with pytest.raises(ModelError, match=r"no classifier called .*tiny-3, own-1"):
        registry.classifier(name)


def test_the_shipped_classifier_is_at_work(registry: Registry):
    assert registry.at_work().name == "tiny-3"
    assert registry.classifier().card.name == "tiny-3"


@pytest.mark.usefixtures("own")
def test_promoting_puts_to_work(registry: Registry, home: Path, models_folder: Path):
    assert registry.promote("own-1").name == "own-1"
    assert registry.at_work().name == "own-1"
    assert registry.classifier().card.classes == ("hat", "no_hat")
    assert Registry(home, models_folder).at_work().name == "own-1"
    registry.promote("tiny-3")
    assert registry.at_work().name == "tiny-3"
    assert sorted(path.name for path in home.iterdir()) == ["at_work.json", "models"]


@pytest.mark.parametrize("file", ["card.json", "model.tflite"])
def test_a_damaged_version_is_not_promoted(registry: Registry, own: Path, home: Path, file: str):
    damage(own / file)
    with pytest.raises(ModelError):
        registry.promote("own-1")
    assert not (home / "at_work.json").exists()
    assert registry.classifier().card.name == "tiny-3"


def change_card(folder: Path, **changes) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | changes))


@pytest.mark.parametrize("changes", [{"classes": ["a", "b", "c"]}, {"input_px": 48}])
def test_a_version_that_does_not_fit_its_card_is_not_promoted(registry: Registry, own: Path, changes: dict):
    change_card(own, **changes)
    with pytest.raises(ModelError, match="own-1"):
        registry.promote("own-1")
    assert registry.at_work().name == "tiny-3"


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("file", ["card.json", "model.tflite"])
def test_the_shipped_one_serves_when_the_promoted_one_is_damaged(
    registry: Registry, own: Path, file: str, missing: bool, caplog: pytest.LogCaptureFixture
):
    registry.promote("own-1")
    (own / file).unlink() if missing else damage(own / file)
    assert registry.classifier().card.name == "tiny-3"
    assert "own-1" in caplog.text
    with pytest.raises(ModelError):
        registry.classifier("own-1")


def test_the_shipped_one_serves_when_the_promoted_one_does_not_fit_its_card(registry: Registry, own: Path):
    registry.promote("own-1")
    change_card(own, classes=["a", "b", "c"])
    assert registry.classifier().card.name == "tiny-3"


def test_the_shipped_one_serves_when_the_promoted_one_is_gone(registry: Registry, own: Path):
    registry.promote("own-1")
    shutil.rmtree(own)
    assert registry.at_work().name == registry.classifier().card.name == "tiny-3"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"classifier": null}', '{"classifier": "../own-1"}', "\x00"])
def test_a_damaged_note_of_what_is_at_work(registry: Registry, home: Path, text: str):
    home.mkdir()
    (home / "at_work.json").write_text(text)
    assert registry.at_work().name == registry.classifier().card.name == "tiny-3"


def test_nothing_serves_when_the_shipped_one_is_damaged(home: Path, models_folder: Path, tmp_path: Path):
    shipped = Path(shutil.copytree(models_folder, tmp_path / "models"))
    damage(shipped / "tiny-3" / "model.tflite")
    with pytest.raises(ModelError, match="tiny-3"):
        Registry(home, shipped).classifier()
    (shipped / "squares" / "card.json").write_text('{"schema": 1, "name": "squares", "kind": "finder"}')
    with pytest.raises(ModelError, match="strides"):
        Registry(home, shipped).finder()


@pytest.mark.usefixtures("own")
def test_the_switch_is_never_seen_half_done(registry: Registry, home: Path):
    """Somebody promotes all the time; whoever looks sees one version or the other, whole."""
    registry.promote("own-1")
    looking, seen, failures = threading.Event(), set(), []

    def switch(name: str) -> None:
        try:
            for _ in range(15):
                registry.promote(name)
        except Exception as error:
            failures.append(error)

    def look() -> None:
        while not looking.is_set():
            seen.add(json.loads((home / "at_work.json").read_text())["classifier"])

    writers = [threading.Thread(target=switch, args=(name,)) for name in ("own-1", "tiny-3", "own-1")]
    reader = threading.Thread(target=look)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    looking.set()
    reader.join()
    assert failures == []
    assert seen <= {"own-1", "tiny-3"}
    assert [path for path in home.iterdir() if path.name.startswith(".")] == []


@pytest.mark.usefixtures("own")
def test_a_home_from_the_environment(monkeypatch: pytest.MonkeyPatch, home: Path, models_folder: Path):
    monkeypatch.setenv("MASKCLS_HOME", str(home))
    assert module.home() == home
    assert names(Registry(shipped_folder=models_folder)) == ["tiny-3", "own-1"]
    monkeypatch.delenv("MASKCLS_HOME")
    assert module.home() == Path(".maskcls")


@pytest.mark.usefixtures("own")
def test_two_classes_work_from_picture_to_json(registry: Registry, squares_picture: np.ndarray):
    registry.promote("own-1")
    faces = analyse(squares_picture, registry.finder(), registry.classifier())
    assert len(faces) == 2
    for face in faces:
        assert list(face.probabilities) == ["hat", "no_hat"]
        assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert face.as_json()["label"] in ("hat", "no_hat")
        assert face.evidence.shape[-1] == 2


@pytest.mark.parametrize("kind", ["classifier", "finder"])
def test_what_is_shipped_can_be_loaded(kind: str, home: Path):
    if not (module.SHIPPED / "shipped.json").exists():
        pytest.skip("no version is shipped yet: make models")
    shipped = Registry(home)
    name = shipped.shipped_name(kind)
    assert read_card(module.SHIPPED / name).kind == kind
    assert (shipped.classifier() if kind == "classifier" else shipped.finder()).card.name == name


# ------------------------------------------------------------------ new versions


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("name", ["tiny-3", "squares", "own-1", "shipped.json"])
def test_names_that_are_taken(registry: Registry, name: str):
    """Of any kind: names are folders, and a damaged version has one too."""
    with pytest.raises(ModelError, match=f"There is a version {name} already"):
        registry.check_free(name)


def test_names_that_are_free(registry: Registry, home: Path):
    registry.check_free("own-1")
    assert not home.exists()
    (home / "models" / "empty").mkdir(parents=True)
    with pytest.raises(ModelError, match="version empty already"):
        registry.check_free("empty")


@pytest.mark.parametrize("name", ["", "..", "../own", ".hidden", "a/b", "a b", "x" * 65, "own\n"])
def test_names_that_no_version_can_have(registry: Registry, name: str):
    with pytest.raises(ModelError, match="cannot be the name of a version"):
        registry.check_free(name)


def fill(draft: Path, version: Path) -> None:
    for file in version.iterdir():
        shutil.copy(file, draft)


def test_a_draft_becomes_a_version(registry: Registry, home: Path, two_class_version: Path):
    with registry.draft() as draft:
        fill(draft, two_class_version)
        # Nobody meets half a version.
        assert names(registry) == ["tiny-3"]
        made = registry.add(draft, "own-2")
    assert (made.name, made.path, made.shipped) == ("own-2", home / "models" / "own-2", False)
    assert names(registry) == ["tiny-3", "own-2"]
    assert registry.classifier("own-2").card.classes == ("hat", "no_hat")
    assert [path.name for path in (home / "models").iterdir()] == ["own-2"]
    assert registry.at_work().name == "tiny-3"


class Stopped(BaseException):
    """What ends a draft half-way."""


def test_a_draft_that_is_given_up_leaves_nothing(registry: Registry, home: Path, two_class_version: Path):
    def give_up() -> None:
        with registry.draft() as draft:
            fill(draft, two_class_version)
            raise Stopped

    with pytest.raises(Stopped):
        give_up()
    assert list((home / "models").iterdir()) == []


def test_two_drafts_at_once(registry: Registry, two_class_version: Path):
    with registry.draft() as one, registry.draft() as other:
        fill(one, two_class_version)
        fill(other, two_class_version)
        registry.add(one, "own-2")
        with pytest.raises(ModelError, match="There is a version own-2 already"):
            registry.add(other, "own-2")
        registry.add(other, "own-3")
    assert names(registry) == ["tiny-3", "own-2", "own-3"]


def test_an_empty_draft_is_no_version(registry: Registry, home: Path):
    with registry.draft() as draft, pytest.raises(ModelError, match=r"card\.json is missing"):
        registry.add(draft, "own-2")
    assert list((home / "models").iterdir()) == []


def test_somebody_takes_the_name_at_the_last_moment(
    registry: Registry, own: Path, two_class_version: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Registry, "check_free", lambda *_: None)
    before = sorted(file.name for file in own.iterdir())
    with registry.draft() as draft:
        fill(draft, two_class_version)
        (draft / "more").touch()
        with pytest.raises(ModelError, match=r"own-1 cannot be made: .* Take another name"):
            registry.add(draft, "own-1")
    assert sorted(file.name for file in own.iterdir()) == before
