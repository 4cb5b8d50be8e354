"""FER2013 from Kaggle: the competition's file with the user's own account, else a public copy without one."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from fer_core.errors import DatasetError

COMPETITION = "challenges-in-representation-learning-facial-expression-recognition-challenge"
FILE = "icml_face_data.csv"
PUBLIC_COPY = "msambare/fer2013"
"""The same faces as a folder of images, whose file names keep their Usage."""


def download(progress: Callable[[str], None]) -> Path:
    """The competition's CSV, or without an account the folder of the public copy, in kagglehub's own cache.

    Fetched if it isn't there yet. Raises `DatasetError`, which says what to do.
    """
    with redirect_stdout(sys.stderr):  # it tells how far it is on standard output, where only results belong
        return _download(progress)


def _download(progress: Callable[[str], None]) -> Path:
    try:
        import kagglehub
        from kagglehub import exceptions as kaggle
    except ImportError as error:
        raise DatasetError(
            f"kaggle: expected the package kagglehub, found none ({error}): pip install kagglehub"
        ) from error
    try:
        try:
            progress(f"fetching {FILE} from Kaggle")
            return Path(kagglehub.competition_download(COMPETITION, FILE))
        except (kaggle.UnauthenticatedError, kaggle.CredentialError):
            progress(f"no Kaggle account found, fetching the public copy {PUBLIC_COPY}")
            return Path(kagglehub.dataset_download(PUBLIC_COPY))
    except (
        kaggle.UnauthenticatedError,
        kaggle.CredentialError,
        kaggle.NotFoundError,
        kaggle.BackendError,
        kaggle.DataCorruptionError,
        kaggle.KaggleEnvironmentError,
        OSError,
    ) as error:
        # OSError: what requests raises without a network or where the competition's rules were not accepted
        reason = " ".join(str(error).split())[:160]
        raise DatasetError(
            f"kaggle: expected {FILE} or its public copy, found an error ({reason}): check the network, put an API "
            f"token from kaggle.com/settings into ~/.kaggle/kaggle.json and accept the rules at "
            f"kaggle.com/c/{COMPETITION}, or load a CSV by its path"
        ) from error
