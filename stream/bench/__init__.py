"""What `genderstream bench` measures: a module of this folder for each measurement, named in MEASUREMENTS.

A module has RESULTS, what each of its numbers means and should reach, and `measure`, which yields them one by
one. It runs in a process of its own, on one core, with every library on one thread; see `process`.
"""

MEASUREMENTS = ("logmel", "hop", "stages", "score", "streams", "calls", "latency", "start", "microphone", "cost")
"""The modules, in the order in which they run."""
