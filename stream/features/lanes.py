"""`Lanes`: LANES float32 values as one SIMD register inside Numba code.

Numba knows no vector type, and LLVM's own vectoriser gives up on the FFT's sixteen possibly
overlapping pointers. With this type a kernel reads as if it worked on one frame and works on LANES
of them. LLVM maps the operations to AVX-512, AVX2 or NEON; each is the IEEE operation on each lane,
nothing is contracted or reordered, so results do not depend on the machine's vector width.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
"""Frames transformed together: one AVX2 register of float32, two of NEON. With 16 the FFT's work would not fit into a
first-level cache, nor the 50 frames of a usual hop as well into whole batches."""

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INTEGERS = ir.VectorType(ir.IntType(32), LANES)
_ALIGNMENT = 4  # bytes; NumPy promises no more for float32
_CACHE_LINE = 64  # bytes


def aligned_zeros(*shape: int) -> npt.NDArray[np.float32]:
    """float32 zeros that begin on a cache line: what straddles two lines takes longer to load and store."""
    size = math.prod(shape)
    memory = np.zeros(size + _CACHE_LINE // 4, np.float32)
    first = -memory.ctypes.data % _CACHE_LINE // 4
    return memory[first : first + size].reshape(shape)


class LanesType(types.Type):  # type: ignore[misc]
    """The Numba type of LANES float32 values."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes({LANES})")


lanes_type = LanesType()


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    """Lanes live in a register, as an LLVM vector."""

    def __init__(self, data_model_manager: Any, numba_type: Any) -> None:
        super().__init__(data_model_manager, numba_type, _VECTOR)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(cgutils.gep(builder, data, at), _VECTOR.as_pointer())


def _splat(builder: Any, scalar: Any) -> Any:
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(_INTEGERS, [0] * LANES))


def _integers(value: int) -> Any:
    return ir.Constant(_INTEGERS, [value] * LANES)


@intrinsic  # type: ignore[untyped-decorator]
def load(typing_context: Any, array: Any, at: Any) -> Any:
    """Read `array[at:at + LANES]` (float32, contiguous)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(pointer, align=_ALIGNMENT)

    return lanes_type(array, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def store(typing_context: Any, array: Any, at: Any, value: Any) -> Any:
    """Write `value` to `array[at:at + LANES]` (float32, contiguous)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *where, lanes = arguments
        builder.store(lanes, _pointer(context, builder, signature.args[0], *where), align=_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes_type), generate


def _interleave(builder: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """The lower halves of two vectors, element by element in turn, and the upper halves."""
    lower = [i // 2 + i % 2 * LANES for i in range(LANES)]
    upper = [each + LANES // 2 for each in lower]
    low, high = (builder.shuffle_vector(first, second, ir.Constant(_INTEGERS, each)) for each in (lower, upper))
    return low, high


def _transpose(builder: Any, rows: list[Any]) -> list[Any]:
    """LANES vectors of LANES elements, rows and columns exchanged: perfect shuffles, log2(LANES) times."""
    for _ in range(LANES.bit_length() - 1):
        pairs = zip(rows[: LANES // 2], rows[LANES // 2 :], strict=True)
        rows = [each for pair in pairs for each in _interleave(builder, *pair)]
    return rows


@intrinsic  # type: ignore[untyped-decorator]
def load_pairs(typing_context: Any, samples: Any, first: Any, hop: Any, window: Any, re: Any, im: Any, at: Any) -> Any:
    """The pairs (even, odd sample) `at` to `at + LANES` of LANES frames, windowed, to `re` and `im`.

    The frames begin `hop` samples apart from `samples[first]` (int16) on. Reading along the frames and transposing
    is what makes it quick: a lane of its own for each sample read would cost more than the FFT.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        samples, first, hop, window, re, im, at = arguments
        samples_type, _, _, window_type, re_type, im_type, _ = signature.args
        index, two = first.type, ir.Constant(first.type, 2)
        start = builder.add(first, builder.mul(at, two))
        frames = []
        for lane in range(LANES):
            where = builder.add(start, builder.mul(hop, ir.Constant(index, lane)))
            data = cgutils.gep(builder, context.make_array(samples_type)(context, builder, samples).data, where)
            frames.append(builder.load(builder.bitcast(data, _INTEGERS.as_pointer()), align=2))
        for i, pairs in enumerate(_transpose(builder, frames)):
            pair = builder.add(at, ir.Constant(index, i))
            even = builder.ashr(builder.shl(pairs, _integers(16)), _integers(16))  # the lower half: little-endian
            for part, halves, array_type, out in ((0, even, re_type, re), (1, pairs, im_type, im)):
                whole = builder.ashr(halves, _integers(16)) if part else halves
                which = builder.add(builder.mul(pair, two), ir.Constant(index, part))
                data = context.make_array(window_type)(context, builder, window).data
                weight = _splat(builder, builder.load(cgutils.gep(builder, data, which)))
                value = builder.fmul(builder.sitofp(whole, _VECTOR), weight)
                where = builder.mul(pair, ir.Constant(index, LANES))
                builder.store(value, _pointer(context, builder, array_type, out, where), align=_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(samples, types.intp, types.intp, window, re, im, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def splat(typing_context: Any, value: Any) -> Any:
    """The same float32 in every lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _splat(builder, arguments[0])

    return lanes_type(types.float32), generate


@intrinsic  # type: ignore[untyped-decorator]
def at_least(typing_context: Any, value: Any, floor: Any) -> Any:
    """The larger of `value` and the scalar `floor`, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes, floor = arguments[0], _splat(builder, arguments[1])
        return builder.select(builder.fcmp_ordered(">", lanes, floor), lanes, floor)

    return lanes_type(lanes_type, types.float32), generate


@intrinsic  # type: ignore[untyped-decorator]
def split_exponent(typing_context: Any, value: Any) -> Any:
    """`(mantissa, exponent)` of positive normal values: mantissa in [sqrt(1/2), sqrt(2)), both as lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(arguments[0], _INTEGERS)
        exponent = builder.ashr(builder.sub(bits, _integers(0x3F3504F3)), _integers(23))  # bits of sqrt(1/2)
        mantissa = builder.bitcast(builder.sub(bits, builder.shl(exponent, _integers(23))), _VECTOR)
        return context.make_tuple(builder, signature.return_type, [mantissa, builder.sitofp(exponent, _VECTOR)])

    return types.UniTuple(lanes_type, 2)(lanes_type), generate


def _define(operation: Callable[[Any, Any], Any], instruction: str) -> None:
    """Teach Numba `operation` for lanes with lanes, and for a float32 with lanes."""

    @intrinsic  # type: ignore[untyped-decorator]
    def apply(typing_context: Any, left: Any, right: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            first, second = arguments
            if signature.args[0] is not lanes_type:
                first = _splat(builder, first)
            return getattr(builder, instruction)(first, second)

        return lanes_type(left, right), generate

    @overload(operation)
    def overloaded(left, right):  # type: ignore[no-untyped-def]  # Numba compares the two signatures
        if right is lanes_type and (left is lanes_type or left is types.float32):
            return lambda left, right: apply(left, right)
        return None


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
_define(operator.truediv, "fdiv")
