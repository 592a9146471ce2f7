"""Python's `websockets`, server and client. What it says and hears is in child.ts."""
import asyncio
import json
import sys

import websockets
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

OPTIONS = {"compression": None, "max_size": None, "ping_interval": None}
tasks = set()


def say(**told):
    print(json.dumps(told), flush=True)


def begin(work):
    task = asyncio.ensure_future(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def ping(socket, payload):
    await (await socket.ping(payload.encode()))
    await socket.send("pong " + payload)


async def echo(socket):
    try:
        async for data in socket:
            word, _, rest = data.partition(" ") if isinstance(data, str) else ("", "", "")
            if word == "!ping":
                begin(ping(socket, rest))
            elif word == "!parts":
                await socket.send(iter(rest.split("|")))
            elif word == "!close" and rest == "":
                await socket.close()
            elif word == "!close":
                code, _, reason = rest.partition(" ")
                await socket.close(int(code), reason)
            else:
                await socket.send(data)
    except websockets.ConnectionClosed:
        pass
    await socket.wait_closed()
    say(end=[socket.close_code, socket.close_reason])


async def call(url):
    offers = [ClientPerMessageDeflateFactory(client_max_window_bits=True)]
    await echo(await websockets.connect(url, extensions=offers, **OPTIONS))


async def main():
    accepts = [ServerPerMessageDeflateFactory()]
    server = await websockets.serve(echo, "127.0.0.1", 0, extensions=accepts, **OPTIONS)
    say(port=server.sockets[0].getsockname()[1])
    loop = asyncio.get_running_loop()
    while url := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        begin(call(url))
    server.close()


asyncio.run(main())
