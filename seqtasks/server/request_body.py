"""Reads the body of an HTTP request, within limits of size and time."""

import asyncio
import zlib

from starlette.requests import Request

from seqtasks.server.status import ServingError, invalid


class BodyError(ServingError):
    """A body that is too large or too slow.

    Args:
        code: The canonical name nearest to it.
        http_status: HTTP's own status for it.
        message: What is wrong.
    """

    def __init__(self, code: str, http_status: int, message: str):
        super().__init__(code, message)
        self._http_status = http_status

    @property
    def http_status(self) -> int:
        """The HTTP status of the error."""
        return self._http_status


async def read_body(request: Request, limit: int, timeout: float | None) -> bytes:
    """Returns the body of a request, decompressed.

    Args:
        request: The request.
        limit: The most bytes that it may have, decompressed or not.
        timeout: Seconds that it may take to arrive; `None` for any time.

    Raises:
        ServingError: If it is too large, too slow, or compressed in a way that cannot be read.
        ClientDisconnect: If the client went away.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise invalid(f"Content-Encoding {encoding!r} is not supported. Send the body as it is, or with gzip")
    try:
        async with asyncio.timeout(timeout):
            body = await _read(request, limit)
    except TimeoutError as error:
        message = f"the request's body did not arrive within {timeout:g} seconds"
        raise BodyError("DEADLINE_EXCEEDED", 408, message) from error
    return await asyncio.to_thread(_decompress, body, limit) if encoding == "gzip" else body


async def _read(request: Request, limit: int) -> bytes:
    if int(request.headers.get("content-length", 0)) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
    return b"".join(chunks)


def _decompress(body: bytes, limit: int) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(body, limit + 1)
    except zlib.error as error:
        raise invalid(f"the body is not gzip, as Content-Encoding says: {error}") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not reader.eof:
        raise invalid("the body is not gzip, as Content-Encoding says: it ends early")
    return plain


def _too_large(limit: int) -> BodyError:
    message = f"the request's body is larger than {limit} bytes, the most that this server takes. Send fewer rows"
    return BodyError("INVALID_ARGUMENT", 413, message)
