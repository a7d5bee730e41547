"""A server of `websockets` alone, as its documentation shows:  python alone.py PORT"""

import asyncio
import logging
import sys
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response


def refuse(connection: ServerConnection, request: Request) -> Response | None:
    return None if request.path.startswith("/api/") else connection.respond(HTTPStatus.FORBIDDEN, "no\n")


async def chat(socket: ServerConnection) -> None:
    async for text in socket:
        if text == "divide":
            raise ZeroDivisionError(text)
        if text == "expire":
            await socket.close(4401, "token expired")
            return
        await socket.send(text)


async def main(port: int) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)-7s %(name)s %(message)s", level=logging.INFO)
    async with serve(chat, "127.0.0.1", port, process_request=refuse) as server:
        asyncio.get_running_loop().add_signal_handler(15, server.close)
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
