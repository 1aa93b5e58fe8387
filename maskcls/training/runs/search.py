"""A search from its settings to the best trial: trainings one after the other, each as a study proposes.

A trial is as good as its lowest calibrated loss on validation faces. That is what a training keeps its best epoch by,
so the best trial is the one whose weights would be best; and where there are few validation faces, accuracy and F1 are
the same for many trials, while the loss still tells them apart.
"""

import logging
import math
import time
import uuid
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from maskcls.data.datasets import Dataset, Shelf
from maskcls.errors import MaskclsError, RunError
from maskcls.registry import Registry
from maskcls.training.runs import study as studies
from maskcls.training.runs.devices import is_out_of_memory
from maskcls.training.runs.faces import Crop, Faces, crop_for
from maskcls.training.runs.memory import given_back
from maskcls.training.runs.progress import Progress
from maskcls.training.runs.run import CANCELLED, FAILED, FINISHED, Run
from maskcls.training.runs.settings import Settings
from maskcls.training.runs.space import SearchSettings, check_comparable, draw, fingerprint, read_search, settings_of
from maskcls.training.runs.storage import hidden, kept_url, usual_url
from maskcls.training.runs.training import home_of, learn, open_faces
from maskcls.training.runs.trials import COMPLETE, PRUNED, TRIAL_FAILED, TRIAL_STOPPED, UNDER_WAY, trials_of

log = logging.getLogger(__name__)

_FOLDER = "trials"
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)
_MOST_FAILURES = 3
# What the database keeps of a trial beside what it chose: whose it is, which one it repeats, and why it failed.
_OWNER, _AGAIN, _ERROR = "owner", "again", "error"
_MEASURE = "calibrated"
_OTHER_FIGURES = ("accuracy", "macro_f1")


def work(run: Run) -> None:
    """Do what a run of kind `search` was asked for.

    Raises:
        MaskclsError: It cannot be done; says why.
    """
    home = home_of(run)
    asked = read_search(run.asked["settings"])
    dataset = Shelf(home / "datasets").open(asked.base.dataset)
    check_comparable(dataset)
    url = kept_url(run) if asked.storage else usual_url(home)
    pruner = studies.median_pruner(max(base.head_epochs for base in asked.bases)) if asked.prune else None
    with studies.opened(url, asked.study or run.id, seed=asked.base.seed, pruner=pruner) as study:
        studies.agree(study, fingerprint(asked, dataset))
        run.progress.tell("note", 0, text=f"The study is called {study.study_name}, in {hidden(url)}.")
        _Search(run, asked, study, dataset, Registry(home)).go_on()


class _Search:
    """What one run does for a study."""

    def __init__(
        self, run: Run, asked: SearchSettings, study: optuna.Study, dataset: Dataset, registry: Registry
    ) -> None:
        self._run, self._asked, self._study, self._dataset, self._registry = run, asked, study, dataset, registry
        self._owner = _owner(run)
        self._faces: dict[tuple[Crop, bool], dict[str, Faces]] = {}
        ended = [row for row in trials_of(run) if row["state"] != UNDER_WAY]
        self._told = {row["number"] for row in ended}
        self._began_s = time.monotonic() - sum(row["seconds"] for row in ended if row["ours"])
        self._has_result = False

    def go_on(self) -> None:
        """Make trials until the search is over, and say what came out.

        Raises:
            MaskclsError: Nothing can be learnt from these pictures, or trials fail again and again.
        """
        # What is wrong with the pictures, or where networks start from, is wrong for every trial.
        for base in self._asked.bases:
            self._faces_of(base)
        self._take_up()
        failures: list[str] = []
        while not self._is_over() and len(failures) < _MOST_FAILURES:
            with given_back():
                ended = self._trial()
            self._tell_ended()
            if _ERROR in ended.user_attrs:
                failures.append(ended.user_attrs[_ERROR])
            elif ended.state in _DONE:
                failures.clear()
        self._finish(failed=len(failures) == _MOST_FAILURES)
        if len(failures) == _MOST_FAILURES:
            raise RunError(f"{_MOST_FAILURES} trials failed one after the other, the last one so: {failures[-1]}")

    def _take_up(self) -> None:
        """Try again what was under way when this run's process was killed: once, for it may have been the cause."""
        for trial in self._trials(TrialState.RUNNING):
            if trial.user_attrs.get(_OWNER) != self._owner:
                continue
            ended = self._study.tell(trial.number, state=TrialState.FAIL)
            self._tell(ended.number, TRIAL_STOPPED, params=ended.params, seconds=0.0)
            if _AGAIN not in trial.user_attrs:
                self._study.enqueue_trial(trial.params, user_attrs={_AGAIN: trial.number})
        for folder in (self._run.path / _FOLDER).glob("*"):
            _clear(folder)
        self._tell_ended()

    def _is_over(self) -> bool:
        enough = 0 < self._asked.trials <= len(self._trials(*_DONE))
        return enough or self._is_to_stop()

    def _is_to_stop(self) -> bool:
        passed_s = time.monotonic() - self._began_s
        is_late = 0 < self._asked.minutes * 60 <= passed_s
        return (is_late and self._has_result) or self._run.is_cancelled()

    def _trial(self) -> FrozenTrial:
        """Make a trial."""
        trial = self._study.ask()
        trial.set_user_attr(_OWNER, self._owner)
        drawn = draw(trial, self._asked)
        self._tell(trial.number, UNDER_WAY, params=drawn, seconds=0.0)
        folder = self._run.path / _FOLDER / str(trial.number)
        try:
            loss = self._lowest_loss(trial, settings_of(self._asked, drawn), folder)
        except optuna.TrialPruned:
            return self._study.tell(trial, state=TrialState.PRUNED)
        except studies.DATABASE_ERRORS:
            raise
        except Exception as error:
            log.warning("Trial %d failed.", trial.number, exc_info=True)
            trial.set_user_attr(_ERROR, _sentence(error))
            return self._study.tell(trial, state=TrialState.FAIL)
        finally:
            _clear(folder)
        # What somebody stopped is no result, however good it was by then.
        return self._study.tell(trial, loss, state=TrialState.FAIL if loss is None else TrialState.COMPLETE)

    def _lowest_loss(self, trial: optuna.Trial, settings: Settings, folder: Path) -> float | None:
        """Return the lowest calibrated loss of a training on validation faces; None where it was stopped."""
        best: dict[str, float] = {}

        def after_epoch(epoch: int, found: dict[str, float] | None) -> None:
            if found is None or not math.isfinite(found[_MEASURE]):
                raise RunError("The loss on validation faces is no number any more. Take lower learning rates.")
            trial.report(found[_MEASURE], epoch)
            if not best or found[_MEASURE] < best[_MEASURE]:
                best.update(found)
            # What has come to its end is worth more as a result.
            if epoch + 1 < settings.epochs and trial.should_prune():
                raise optuna.TrialPruned

        folder.mkdir(parents=True, exist_ok=True)
        # Only what was learnt: a network that is held cannot be given back.
        learnt = learn(
            settings,
            self._faces_of(settings),
            self._registry,
            folder=folder,
            progress=Progress(folder / "progress.jsonl"),
            stopped=self._is_to_stop,
            after_epoch=after_epoch,
        )[1]
        if learnt.cancelled:
            return None
        for name in _OTHER_FIGURES:
            trial.set_user_attr(name, best[name])
        return best[_MEASURE]

    def _faces_of(self, settings: Settings) -> dict[str, Faces]:
        """Return the faces for a trial; trials that cut alike share them, and what is decoded stays."""
        base = next(one for one in self._asked.bases if one.architecture == settings.architecture)
        key = crop_for(self._dataset, base, self._registry), base.augmentation.painted > 0
        if key not in self._faces:
            self._faces[key] = open_faces(self._dataset, base, self._registry)
        return self._faces[key]

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return list(self._study.get_trials(deepcopy=False, states=states))

    def _tell(self, number: int, state: str, *, seconds: float, params: dict[str, Any], **more: Any) -> None:
        what = {"value": None, "ours": True, **more}
        self._run.progress.tell(
            "trial", number, number=number, state=state, params=params, seconds=round(seconds, 1), **what
        )
        if state != UNDER_WAY:
            self._told.add(number)

    def _tell_ended(self) -> None:
        """Tell of every trial that has ended since, other machines' too."""
        ended = self._trials(*_DONE, TrialState.FAIL)
        for trial in ended:
            if trial.number in self._told:
                continue
            seconds = trial.duration.total_seconds() if trial.duration else 0.0
            more = {name: trial.user_attrs[name] for name in (*_OTHER_FIGURES, _ERROR) if name in trial.user_attrs}
            ours = trial.user_attrs.get(_OWNER) == self._owner
            told = {"value": trial.value, "params": trial.params, "seconds": seconds, "ours": ours}
            self._tell(trial.number, _state(trial), **told, **more)
        self._has_result = any(trial.state == TrialState.COMPLETE for trial in ended)

    def _finish(self, *, failed: bool) -> None:
        cancelled = self._run.is_cancelled()
        if self._has_result:
            self._run.finish(self._result(), FAILED if failed else CANCELLED if cancelled else FINISHED)
        elif cancelled:
            self._run.say(CANCELLED)

    def _result(self) -> dict[str, Any]:
        """Return what came out: the best trial as settings of a run, counts, and what mattered."""
        best = self._study.best_trial
        others = {name: best.user_attrs[name] for name in _OTHER_FIGURES if name in best.user_attrs}
        return {
            "study": self._study.study_name,
            "best": {
                "number": best.number,
                "value": best.value,
                **others,
                "params": best.params,
                "settings": settings_of(self._asked, best.params).as_json(),
            },
            "trials": len(self._trials(*_DONE)),
            "pruned": len(self._trials(TrialState.PRUNED)),
            "failed": sum(_ERROR in trial.user_attrs for trial in self._trials(TrialState.FAIL)),
            "importances": studies.importances(self._study),
        }


def _owner(run: Run) -> str:
    """Return what tells this run's trials from those of others: two machines may have runs of one name."""
    path = run.path / "owner"
    if not path.exists():
        path.write_text(uuid.uuid4().hex, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _state(trial: FrozenTrial) -> str:
    if trial.state == TrialState.FAIL:
        return TRIAL_FAILED if _ERROR in trial.user_attrs else TRIAL_STOPPED
    return COMPLETE if trial.state == TrialState.COMPLETE else PRUNED


def _sentence(error: Exception) -> str:
    if isinstance(error, MaskclsError):
        return str(error)
    if is_out_of_memory(error):
        return "The memory does not hold this network with a single picture in a step."
    return f"{type(error).__name__}: {str(error)[:300]}"


def _clear(folder: Path) -> None:
    """Remove weights and checkpoints of a trial; its curves stay."""
    for path in folder.glob("*.npz"):
        path.unlink(missing_ok=True)
