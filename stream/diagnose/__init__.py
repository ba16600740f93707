"""What `genderstream doctor` checks, by meaning. Each check yields findings; none raises, none changes anything.

`levels` and `advice` are pure: samples to a reading, a reading to findings. The others look at this machine.
"""
