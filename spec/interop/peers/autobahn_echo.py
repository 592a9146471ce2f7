"""Python's `autobahn` on asyncio, server and client. What it says and hears is in child.ts."""
import asyncio
import json
import sys

from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)


def say(**told):
    print(json.dumps(told), flush=True)


class Echo:
    def onMessage(self, payload, isBinary):
        word, _, rest = ("", "", "") if isBinary else payload.decode().partition(" ")
        if word == "!ping":
            self.sendPing(rest.encode())
        elif word == "!parts":
            self.beginMessage(False)
            for part in rest.split("|"):
                self.sendMessageFrame(part.encode())
            self.endMessage()
        elif word == "!close" and rest == "":
            self.sendClose()
        elif word == "!close":
            code, _, reason = rest.partition(" ")
            self.sendClose(int(code), reason)
        else:
            self.sendMessage(payload, isBinary)

    def onPong(self, payload):
        self.sendMessage(b"pong " + payload, False)

    def onClose(self, wasClean, code, reason):
        code = self.remoteCloseCode or (1005 if wasClean else 1006)
        say(end=[code, self.remoteCloseReason])


class ServerEcho(Echo, WebSocketServerProtocol):
    pass


class ClientEcho(Echo, WebSocketClientProtocol):
    pass


def accept_offer(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(offer)


def accept_response(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)


async def main():
    loop = asyncio.get_running_loop()
    factory = WebSocketServerFactory()
    factory.protocol = ServerEcho
    factory.setProtocolOptions(perMessageCompressionAccept=accept_offer)
    server = await loop.create_server(factory, "127.0.0.1", 0)
    say(port=server.sockets[0].getsockname()[1])
    while url := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        client = WebSocketClientFactory(url)
        client.protocol = ClientEcho
        client.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()],
            perMessageCompressionAccept=accept_response,
        )
        await loop.create_connection(client, client.host, client.port)
    server.close()


asyncio.run(main())
