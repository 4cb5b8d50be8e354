"""What can be wrong with the world. Each message is one line: what was expected, what was found, what to do."""


class FerError(Exception):
    """Anything the user can put right; pages and the command line show its message and nothing else."""


def reason(error: OSError) -> str:
    """What the system says was wrong, without the file's name; who raises one by hand may say it in other words."""
    return error.strerror or str(error)


def disk_told(error: OSError) -> str:
    """One line of what the system says of a file or a disk."""
    return f"{error.filename or 'the disk'}: expected it to be read or written, found: {reason(error)}"


class DatasetError(FerError):
    """A dataset cannot be read or does not hold what is asked of it."""


class VersionError(FerError):
    """A version of a dataset, or the draft of one, cannot be read, saved or used."""


class PhotoError(FerError):
    """An uploaded picture cannot be used."""


class ModelError(FerError):
    """A saved model is missing, damaged or does not fit."""


class RunError(FerError):
    """A training run cannot be started, resumed or stopped."""
