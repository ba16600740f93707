"""What the world does to a voice on its way, one kind in one file; and music that is none.

All but `rooms` and `midi` take float32[n] of ±1 at 16 kHz and return as many samples; all but the codecs draw
from a seeded generator.
"""
