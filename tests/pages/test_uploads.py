"""What is uploaded stays in memory on its way in."""

import asyncio

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

from pages._ui import uploads


async def parsed(data: bytes):
    """The file of a form, as the server parses it."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'

    async def stream():
        body = head + data + b"\r\n--x--\r\n"
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    headers = Headers({"content-type": "multipart/form-data; boundary=x"})
    return (await MultiPartParser(headers, stream()).parse())["f"]


@pytest.mark.parametrize("megabytes", [0.5, 12])
def test_an_upload_never_becomes_a_temporary_file(open_page, megabytes):
    """Once a page was open, twelve megabytes are held in memory; left alone the server would spool them to disk."""
    open_page("overview")
    data = bytes(range(256)) * int(megabytes * 4096)
    file = asyncio.run(parsed(data))
    assert not file.file._rolled
    assert asyncio.run(file.read()) == data
    file.file.close()


def test_left_alone_the_server_would_write_it(monkeypatch):
    """What `keep_in_memory` is for; where this fails it isn't needed any more."""
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 1024 * 1024)
    file = asyncio.run(parsed(bytes(3 * 2**20)))
    assert file.file._rolled
    file.file.close()
    uploads.keep_in_memory()
    file = asyncio.run(parsed(bytes(3 * 2**20)))
    assert not file.file._rolled
    file.file.close()
