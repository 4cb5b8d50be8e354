"""What is uploaded stays in memory on its way in, too."""

import sys

from starlette.formparsers import MultiPartParser


def keep_in_memory() -> None:
    """Let the server hold uploads of any size in memory, where it keeps them anyway, up to `server.maxUploadSize`.

    Starlette would write what is larger than a megabyte into a temporary file first.
    """
    MultiPartParser.spool_max_size = sys.maxsize
