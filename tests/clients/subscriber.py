import json

import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect("tcp://127.0.0.1:5560")
socket.subscribe("window/")
while True:
    topic, message = socket.recv_multipart()
    window = json.loads(message)
    print(window["stream"], window["end"], window["label"], window["probability"], flush=True)
