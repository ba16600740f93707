"""Memory that is freed during training stays at hand."""

import subprocess
import sys

import pytest

ROUNDS = """
import ctypes, resource, sys
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes, libc.memset.argtypes = (
    ctypes.c_void_p, [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t])
if "kept" in sys.argv:
    from training.memory import KeepMemory
libc.mallopt(-3, 128 << 10)  # as TensorFlow does: what is larger goes back at once
if "kept" in sys.argv:
    KeepMemory().on_train_batch_begin(0)

def use():
    block = libc.malloc(16 << 20)
    libc.memset(block, 1, 16 << 20)
    libc.free(block)

use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(*arguments: str) -> int:
    """In ten rounds of 16 MB each, after a first one."""
    command = [sys.executable, "-c", ROUNDS, *arguments]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is Linux's")
def test_the_next_batch_finds_the_memory_of_the_last() -> None:
    """A batch's memory is fetched from the kernel once; without us each batch fetches it anew."""
    assert page_faults("kept") < page_faults() / 5
