"""The study behind a search, as Optuna keeps it (Akiba et al., "Optuna", 2019): opened, compared, and looked into.

Only searches import this file: nothing else of maskcls needs Optuna.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import StorageInternalError
from optuna.samplers import BaseSampler, TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from maskcls.errors import RunError
from maskcls.training.runs.storage import hidden, without_secrets

# What means that the database is in trouble, and not a trial.
DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)
_FINGERPRINT = "maskcls"
# Another process may be writing.
_PATIENCE_S = 60
# Of fewer results nothing can be said about what mattered.
_LEAST_RESULTS = 4
_STARTUP_TRIALS = 4


class NumberedSampler(BaseSampler):
    """Proposes by tree-structured Parzen estimators (Bergstra et al., 2011), with chance that hangs on the trial.

    One seed for a whole process would let every machine that joins, and every run that goes on, propose what the first
    trials were already.

    Args:
        seed: The study's; with a trial's number and what is known by then, it settles the proposal.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._of_trial = TPESampler(seed=seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin with the chance of this trial."""
        seed = np.random.SeedSequence((self._seed, trial.number)).generate_state(1)[0]
        self._of_trial = TPESampler(seed=int(seed))
        self._of_trial.before_trial(study, trial)

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, *result: Any) -> None:
        """Hand on what came out."""
        self._of_trial.after_trial(study, trial, *result)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return what is proposed together."""
        return dict(self._of_trial.infer_relative_search_space(study, trial))

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return a proposal for what is proposed together."""
        return dict(self._of_trial.sample_relative(study, trial, search_space))

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return a proposal for one by itself."""
        return self._of_trial.sample_independent(study, trial, param_name, param_distribution)


def median_pruner(head_epochs: int) -> optuna.pruners.BasePruner:
    """Return what gives up trials that do worse than the median of those before (Golovin et al., 2017).

    Args:
        head_epochs: While the head alone learns, nothing can be told yet.
    """
    return optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=max(1, head_epochs))


@contextmanager
def opened(
    url: str, name: str, *, seed: int, pruner: optuna.pruners.BasePruner | None = None
) -> Iterator[optuna.Study]:
    """Open a study, made here where it is not there yet.

    Args:
        url: Of its database.
        name: What it is called there.
        seed: Of its proposals.
        pruner: What gives up trials; nothing does when None.

    Raises:
        RunError: The database cannot be used, at first or later on; without what is secret in its URL.
    """
    with _storage(url) as storage:
        yield optuna.create_study(
            storage=storage,
            study_name=name,
            direction="minimize",
            load_if_exists=True,
            sampler=NumberedSampler(seed),
            pruner=pruner or optuna.pruners.NopPruner(),
        )


def check_study(url: str, name: str, fingerprint: dict[str, Any]) -> None:
    """Raise a `RunError` where a database cannot be used, or has a study of this name that searches something else."""
    with _storage(url) as storage:
        if name in optuna.get_all_study_names(storage):
            agree(optuna.load_study(study_name=name, storage=storage), fingerprint)


def agree(study: optuna.Study, fingerprint: dict[str, Any]) -> None:
    """Mark a new study as the one of this search.

    Args:
        study: New, or another machine's, or of a run before.
        fingerprint: What has to be the same.

    Raises:
        RunError: It searches something else: its trials say nothing about this search.
    """
    there = study.user_attrs.get(_FINGERPRINT)
    if there is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(_FINGERPRINT, fingerprint)
        return
    other = sorted(name for name in {*(there or {}), *fingerprint} if (there or {}).get(name) != fingerprint.get(name))
    if other:
        raise RunError(
            f"The study {study.study_name} searches something else ({', '.join(other)[:200]}). Ask for the same, or "
            "take another name with --study."
        )


def importances(study: optuna.Study) -> dict[str, float]:
    """Return how much each setting mattered, as shares of 1, the most important first.

    By PED-ANOVA (Watanabe et al., 2023). Empty where there are too few results, or all are the same.
    """
    results = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(results) < _LEAST_RESULTS or len({trial.value for trial in results}) < 2:
        return {}
    return {name: float(share) for name, share in optuna.importance.get_param_importances(study).items()}


@contextmanager
def _storage(url: str) -> Iterator[RDBStorage]:
    """Open a database, and close it in the end; what it says comes as a `RunError` without secrets."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = None
    try:
        storage = _connected(url)
        yield storage
    except DATABASE_ERRORS as error:
        # Not as its cause: that would show the URL in a log.
        raise _unusable(url, error) from None
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()


def _connected(url: str) -> RDBStorage:
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"timeout": _PATIENCE_S}
    try:
        # Optuna fills in what stands in braces.
        return RDBStorage(url.replace("{", "{{").replace("}", "}}"), engine_kwargs=options)
    except ImportError:
        kind = url.partition("://")[0]
        raise RunError(f"The driver for {kind} is not installed in this Python. Install it with pip.") from None
    except Exception as error:  # whatever a driver runs into
        raise _unusable(url, error) from None


def _unusable(url: str, error: Exception) -> RunError:
    while isinstance(error, StorageInternalError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    said = without_secrets(str(getattr(error, "orig", None) or error), url).strip().splitlines()
    reason = said[0][:300] if said else type(error).__name__
    return RunError(f"The database {hidden(url)} cannot be used: {reason}. Mend that; a run that had begun can resume.")
