"""Where a run computes: this machine's processor or accelerators, or several machines.

With `TF_CONFIG` set (TensorFlow's own description of a cluster: the addresses of all workers, and which of them this
process is) the run is shared by several processes. Each is started by itself, as
`python -m fer_core train --resume --name RUN`, and all see the same models folder. The first, the *chief*, holds the
run's lock and writes its files; the others compute.
"""

import contextlib
import json
import os
from collections.abc import Iterator

from fer_core.errors import RunError


def in_cluster() -> bool:
    """Whether this process is one of several that share a run."""
    return "TF_CONFIG" in os.environ


def is_chief() -> bool:
    """Whether this process writes the run's files: the only one, or the first of a cluster."""
    return not in_cluster() or _cluster()["task"]["index"] == 0


def share_cores(parts: int) -> None:
    """Give each of so many parts of a batch its own cores. To be called before TensorFlow is asked for anything.

    Two cores are faster at half a batch each than both at all of it: their threads wait for each other at the end of
    every operation.
    """
    if parts > 1 and not in_cluster():
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max((os.cpu_count() or 1) // parts, 1)))


def get_strategy():
    """The `tf.distribute.Strategy` of this process.

    A cluster where `TF_CONFIG` names one, all accelerators where there are several, else the default device.
    To be called before anything else is asked of TensorFlow. Raises `RunError` for a `TF_CONFIG` that says nothing.
    """
    import tensorflow as tf  # whoever only asks for the chief does without

    if in_cluster():
        _cluster()
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


@contextlib.contextmanager
def noticing_lost_workers() -> Iterator[None]:
    """Turn what TensorFlow raises in here when a worker of the cluster has gone into a `RunError`."""
    import tensorflow as tf

    errors = tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError
    try:
        yield
    except errors as error:
        if not in_cluster():
            raise
        workers = ", ".join(_cluster()["cluster"]["worker"])
        raise RunError(
            f"expected all workers ({workers}) to go on, lost one of them ({type(error).__name__}); "
            "start all of them again: they go on after the last epoch that was saved"
        ) from error


def _cluster() -> dict:
    try:
        cluster = json.loads(os.environ["TF_CONFIG"])
        if len(cluster["cluster"]["worker"]) > 1 and cluster["task"]["index"] >= 0:
            return cluster
    except (ValueError, KeyError, TypeError):
        pass
    raise RunError(
        'TF_CONFIG: expected {"cluster": {"worker": [two addresses or more]}, "task": {"type": "worker", "index": i}}, '
        f"found {os.environ['TF_CONFIG'][:120]}"
    )
