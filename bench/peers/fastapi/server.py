"""A stream as one writes it with FastAPI: server.py PORT BYTES json|binary LISTENERS [deflate]

Ten times a second one message of so many bytes is made, once, and sent to everyone on /ws/stream; from the first moment on
when LISTENERS are there. uvicorn as Debian has it, with uvloop and httptools where they are installed. deflate: compressed
for everyone who asks, which is uvicorn's default and what every browser asks for; without it, compression is off.
"""
import asyncio
import base64
import json
import os
import struct
import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

PORT, BYTES, KIND, LISTENERS = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
DEFLATE = 'deflate' in sys.argv[5:]
INTERVAL = 0.1

app = FastAPI()
listeners = set()


def make_json(index):
    rest = len(json.dumps({'type': 'audio', 'data': '', 'chunk_index': index}, separators=(',', ':')))
    pcm = os.urandom(max(0, BYTES - rest) * 3 // 4)
    return json.dumps({'type': 'audio', 'data': base64.b64encode(pcm).decode(), 'chunk_index': index}, separators=(',', ':'))


def make_binary(index):
    return struct.pack('<4sBBHQII', b'AUR1', 3, 0, 4800, index, 48000, BYTES - 24) + os.urandom(BYTES - 24)


async def send_to_all(message):
    for listener in list(listeners):
        try:
            await (listener.send_text(message) if KIND == 'json' else listener.send_bytes(message))
        except (RuntimeError, WebSocketDisconnect):
            listeners.discard(listener)
        except Exception:  # whatever the WebSocket library raises for a listener that is gone
            listeners.discard(listener)


async def stream():
    while len(listeners) < LISTENERS:
        await asyncio.sleep(0.01)
    clock = asyncio.get_running_loop()
    start = clock.time()
    index = 0
    while True:
        await send_to_all(make_json(index) if KIND == 'json' else make_binary(index))
        index += 1
        await asyncio.sleep(max(0, start + index * INTERVAL - clock.time()))


@app.on_event('startup')
async def begin():
    app.state.stream = asyncio.create_task(stream())


@app.websocket('/ws/stream')
async def listen(listener: WebSocket):
    await listener.accept()
    listeners.add(listener)
    try:
        while True:
            await listener.receive_text()
    except WebSocketDisconnect:
        listeners.discard(listener)


uvicorn.run(app, host='127.0.0.1', port=PORT, log_level='error', ws='websockets', backlog=4096,
            ws_ping_interval=None, ws_ping_timeout=None, ws_per_message_deflate=DEFLATE)
