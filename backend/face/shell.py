"""What holds for every request on every face: its id, whose pages may send it, and what it is told at last.

How long it is and takes is in `incoming.py`, and how its answer is sent in `sending.py`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from backend.correlation import HEADER, begin_request
from backend.face.head import bearer_token
from backend.face.incoming import ClientGoneError, Incoming
from backend.face.sending import Reply, send_reply, tagged

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from backend.face.incoming import HttpOptions
    from backend.face.origins import Origins

_READING = ("GET", "HEAD")
_OK = 200


class Shell(ABC):
    """An ASGI application around what a face makes of a request."""

    def __init__(self, options: HttpOptions, origins: Origins) -> None:
        self.options = options
        self._origins = origins

    @abstractmethod
    async def answer(self, asked: Incoming) -> Reply:
        """The answer. Whatever it raises is for `refused`."""

    @abstractmethod
    def refused(self, asked: Incoming, error: Exception) -> Reply:
        """The answer to a request that failed so, as the face shapes its errors."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        asked = Incoming(scope, receive, self.options)
        headers = asked.headers
        further = [(HEADER, begin_request(headers.get(HEADER)).encode())]
        try:
            if not self._origins.any:
                reply = await self.answer(asked)
            elif asked.method == "OPTIONS" and b"access-control-request-method" in headers:
                reply = Reply(204, self._origins.preflight(headers.get(b"origin", b"")))
            else:
                further += self._origins.headers(headers.get(b"origin"))
                reply = await self.answer(asked)
        except ClientGoneError:
            return
        except asyncio.CancelledError:
            ended = asked.ended()
            if ended is None:
                raise
            if isinstance(ended, ClientGoneError):
                return
            reply = self.refused(asked, ended)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the rest
            reply = self.refused(asked, error)
        finally:
            asked.close()
        if asked.method in _READING and reply.status == _OK:
            reply = tagged(asked, reply, bearer_token(scope["headers"]) or "")
        await send_reply(send, asked, reply, further, self.options.compress_from)
