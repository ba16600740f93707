"""A microphone in a process of its own, which may hang in a driver, be killed, and be started again.

`process` is our side, `__main__` the other one; between them a pipe that `wire` describes. The other side
imports PortAudio and little else, so that it starts fast.
"""
