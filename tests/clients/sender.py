import sys

from websockets.sync.client import connect

with connect("ws://127.0.0.1:8765/?rate=16000&format=s16le&stream=desk", compression=None) as socket:
    while content := sys.stdin.buffer.read(3200):  # 0.1 s
        socket.send(content)
