"""FER2013 from Kaggle, fetched with the user's own account."""

from collections.abc import Callable
from pathlib import Path

from fer_core.errors import DatasetError

COMPETITION = "challenges-in-representation-learning-facial-expression-recognition-challenge"
FILE = "icml_face_data.csv"


def download(progress: Callable[[str], None]) -> Path:
    """The competition's CSV in kagglehub's own cache, fetched if it isn't there; `DatasetError` says what to do."""
    try:
        import kagglehub
        from kagglehub import exceptions as kaggle
    except ImportError as error:
        raise DatasetError(
            f"kaggle: expected the package kagglehub, found none ({error}): pip install kagglehub"
        ) from error
    progress(f"fetching {FILE} from Kaggle")
    try:
        return Path(kagglehub.competition_download(COMPETITION, FILE))
    except (kaggle.UnauthenticatedError, kaggle.CredentialError) as error:
        raise DatasetError(
            "kaggle: expected the credentials of a Kaggle account, found none: put an API token from "
            "kaggle.com/settings into ~/.kaggle/kaggle.json, or load a CSV by its path"
        ) from error
    except (
        kaggle.NotFoundError,
        kaggle.BackendError,
        kaggle.DataCorruptionError,
        kaggle.KaggleEnvironmentError,
        OSError,
    ) as error:
        # OSError: what requests raises without a network or where the competition's rules were not accepted
        reason = " ".join(str(error).split())[:160]
        raise DatasetError(
            f"kaggle: expected {FILE}, found an error ({reason}): check the network, accept the rules at "
            f"kaggle.com/c/{COMPETITION}, or load a CSV by its path"
        ) from error
