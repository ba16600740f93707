"""Calls: simulated legs and a real meeting, what the stream decides on them, and the parameters of its decisions."""
