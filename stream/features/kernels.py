"""The Numba kernels: int16 frames to log-mel, log power and cepstra, plain loops over arrays the caller allocated.

Nothing is checked here and nothing is allocated; `Framed` is the strict face in front. LANES frames
are transformed together, the lane being the fastest index of every work array. All lanes are always
computed, with the same instructions whatever their number in use: a frame's result never depends on
the batch it came in, which is what makes streaming equal offline bit for bit.

Compiled with explicit signatures and cached on disk; no `fastmath`, for the same reason.
"""

from functools import partial
from typing import Any

import numba as nb
import numpy as np

from stream.features.lanes import LANES, at_least, load, load_pairs, splat, split_exponent, store

_f4 = nb.float32
_DECIBELS_PER_NEPER = np.float32(10.0 / np.log(10.0))  # of power
_LN2 = np.float32(np.log(2.0))
_HALF, _ONE, _TWO = np.float32(0.5), np.float32(1.0), np.float32(2.0)
_THIRD, _FIFTH, _SEVENTH = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)

_compiled: Any = partial(nb.njit, cache=True, nogil=True, boundscheck=False)
_kernel: Any = _compiled()


@_kernel
def load_frames(samples, first, hop, window, points, re, im):  # type: ignore[no-untyped-def]
    """Window LANES frames, `hop` samples apart from `first` on, packed as complex pairs (even, odd)."""
    pairs = window.size // 2
    whole = pairs // LANES * LANES
    for n in range(0, whole, LANES):
        load_pairs(samples, first, hop, window, re, im, n)
    for n in range(whole, pairs):
        even, odd = window[2 * n], window[2 * n + 1]
        for lane in range(LANES):
            at = first + lane * hop + 2 * n
            re[n * LANES + lane] = _f4(samples[at]) * even
            im[n * LANES + lane] = _f4(samples[at + 1]) * odd
    re[pairs * LANES : points * LANES] = _f4(0.0)
    im[pairs * LANES : points * LANES] = _f4(0.0)


@_kernel
def radix4_pass(re, im, size, twiddle):  # type: ignore[no-untyped-def]
    """One radix-4 pass in place, decimation in frequency: of each transform of `size` points, four of a quarter.

    Source of the scheme: Gentleman and Sande, Fast Fourier Transforms: for Fun and Profit (1966); in radix 4, Van
    Loan, Computational Frameworks for the Fast Fourier Transform (1992), 2.4.
    """
    quarter = size // 4 * LANES
    for p in range(size // 4):
        w1r, w1i = splat(twiddle[p, 0]), splat(twiddle[p, 1])
        w2r, w2i = splat(twiddle[p, 2]), splat(twiddle[p, 3])
        w3r, w3i = splat(twiddle[p, 4]), splat(twiddle[p, 5])
        for a in range(p * LANES, re.size, size * LANES):
            b, c, d = a + quarter, a + 2 * quarter, a + 3 * quarter
            ar, ai, br, bi = load(re, a), load(im, a), load(re, b), load(im, b)
            cr, ci, dr, di = load(re, c), load(im, c), load(re, d), load(im, d)
            sr, si, tr, ti = ar + cr, ai + ci, br + dr, bi + di
            ur, ui, vr, vi = ar - cr, ai - ci, br - dr, bi - di
            store(re, a, sr + tr)
            store(im, a, si + ti)
            store(re, b, (ur + vi) * w1r - (ui - vr) * w1i)
            store(im, b, (ur + vi) * w1i + (ui - vr) * w1r)
            store(re, c, (sr - tr) * w2r - (si - ti) * w2i)
            store(im, c, (sr - tr) * w2i + (si - ti) * w2r)
            store(re, d, (ur - vi) * w3r - (ui + vr) * w3i)
            store(im, d, (ur - vi) * w3i + (ui + vr) * w3r)


@_kernel
def last_radix4_pass(re, im):  # type: ignore[no-untyped-def]
    """The same of 4 points each, whose factors are all 1."""
    for a in range(0, re.size, 4 * LANES):
        b, c, d = a + LANES, a + 2 * LANES, a + 3 * LANES
        ar, ai, br, bi = load(re, a), load(im, a), load(re, b), load(im, b)
        cr, ci, dr, di = load(re, c), load(im, c), load(re, d), load(im, d)
        sr, si, tr, ti = ar + cr, ai + ci, br + dr, bi + di
        ur, ui, vr, vi = ar - cr, ai - ci, br - dr, bi - di
        store(re, a, sr + tr)
        store(im, a, si + ti)
        store(re, b, ur + vi)
        store(im, b, ui - vr)
        store(re, c, sr - tr)
        store(im, c, si - ti)
        store(re, d, ur - vi)
        store(im, d, ui + vr)


@_kernel
def last_radix2_pass(re, im):  # type: ignore[no-untyped-def]
    """The last pass where the length is no power of four: 2-point transforms."""
    for a in range(0, re.size, 2 * LANES):
        b = a + LANES
        ar, ai, br, bi = load(re, a), load(im, a), load(re, b), load(im, b)
        store(re, a, ar + br)
        store(im, a, ai + bi)
        store(re, b, ar - br)
        store(im, b, ai - bi)


@_kernel
def unpack_power(zr, zi, place, twiddle, power):  # type: ignore[no-untyped-def]
    """|X[k]|² of LANES real signals from the transforms Z, N points each, of their (even, odd) pairs.

    Z[k] lies at place[k]. X[k] = E[k] + w^k O[k], E = (Z[k] + Z*[N-k]) / 2, O = (Z[k] - Z*[N-k]) / 2i, w = exp(-iπ/N).
    """
    points = twiddle.shape[0]
    zero_re, zero_im = load(zr, 0), load(zi, 0)
    store(power, 0, (zero_re + zero_im) * (zero_re + zero_im))
    store(power, points * LANES, (zero_re - zero_im) * (zero_re - zero_im))
    for k in range(1, points // 2 + 1):
        a, b = place[k] * LANES, place[points - k] * LANES
        wr, wi = splat(twiddle[k, 0]), splat(twiddle[k, 1])
        ar, ai, br, bi = load(zr, a), load(zi, a), load(zr, b), load(zi, b)
        er, ei = _HALF * (ar + br), _HALF * (ai - bi)
        odd_re, odd_im = _HALF * (ai + bi), _HALF * (br - ar)
        tr = odd_re * wr - odd_im * wi
        ti = odd_re * wi + odd_im * wr
        store(power, k * LANES, (er + tr) * (er + tr) + (ei + ti) * (ei + ti))
        store(power, (points - k) * LANES, (er - tr) * (er - tr) + (ti - ei) * (ti - ei))


@_kernel
def power_spectra(samples, first, hop, window, twiddle, place, unpack, work, power):  # type: ignore[no-untyped-def]
    """|X[k]|² of LANES frames, `hop` samples apart from `first` on, to `power[k * LANES:]`."""
    size, at = place.size, 0
    re, im = work[0, : size * LANES], work[1, : size * LANES]
    load_frames(samples, first, hop, window, size, re, im)
    while size > 4:
        radix4_pass(re, im, size, twiddle[at:])
        at, size = at + size // 4, size // 4
    if size == 4:
        last_radix4_pass(re, im)
    else:
        last_radix2_pass(re, im)
    unpack_power(re, im, place, unpack, power)


@_kernel
def decibels(value):  # type: ignore[no-untyped-def]
    """10 log10 of positive normal lanes; the error stays below 1e-5 dB between 1e-10 and 1e10.

    With value = m 2^e and s = (m - 1) / (m + 1), ln m = 2 (s + s³/3 + s⁵/5 + s⁷/7 + …), |s| < 0.172;
    the first term left out is below 3e-8.
    """
    m, e = split_exponent(value)
    s = (m - splat(_ONE)) / (m + splat(_ONE))
    z = s * s
    series = splat(_ONE) + z * (splat(_THIRD) + z * (splat(_FIFTH) + _SEVENTH * z))
    return _DECIBELS_PER_NEPER * (_LN2 * e + _TWO * (s * series))


@_kernel
def mel_sums(power, edge, rising, falling, mel):  # type: ignore[no-untyped-def]
    """Each mel band of LANES frames, the weighted sum of its bins, to `mel[band * LANES:]`.

    A bin lies between two bands' centres, in a band that falls and in the next, which rises: both sums at once.
    """
    band_sum = splat(_f4(0.0))
    for k in range(edge[0], edge[1]):
        band_sum = band_sum + rising[k] * load(power, k * LANES)
    for band in range(edge.size - 2):
        next_sum = splat(_f4(0.0))
        for k in range(edge[band + 1], edge[band + 2]):
            lanes = load(power, k * LANES)
            band_sum = band_sum + falling[k] * lanes
            next_sum = next_sum + rising[k] * lanes
        store(mel, band * LANES, band_sum)
        band_sum = next_sum


@_kernel
def power_decibels(power, floor):  # type: ignore[no-untyped-def]
    """Each bin or band of LANES frames in dB, in place."""
    for k in range(0, power.size, LANES):
        store(power, k, decibels(at_least(load(power, k), floor)))


@_kernel
def batch_start(frame, frames):  # type: ignore[no-untyped-def]
    """The first of LANES frames with `frame` among them, none beyond the last of `frames`, if there are so many."""
    return max(min(frame, frames - LANES), 0)


@_kernel
def write_rows(lanes, first, end, out):  # type: ignore[no-untyped-def]
    """The frames from lane `first` to `end`, a row of `out` each."""
    for lane in range(first, min(end, LANES)):
        for column in range(out.shape[1]):
            out[lane - first, column] = lanes[column * LANES + lane]


_SAMPLES = "Array(i2, 1, 'C', readonly=True)"  # as well such that can be written to
_FRAMES = f"{_SAMPLES}, i8, i8, i8, f4[::1], f4[:, ::1], i4[::1], f4[:, ::1]"  # hop, known, frames, window, the FFT's
_BANDS = "i4[::1], f4[::1], f4[::1]"  # edge, rising, falling


@_compiled(f"void({_FRAMES}, {_BANDS}, f4, f4[:, ::1], f4[::1], f4[::1], f4[:, ::1])")
def log_mel(  # type: ignore[no-untyped-def]
    samples, hop, known, frames, window, twiddle, place, unpack, edge, rising, falling, floor, work, power, mel, out
):
    """Of `frames` frames, `hop` samples apart from the first on, those after `known` ones, to `out`: dB per mel band.

    `samples` must reach to the end of all frames, and of LANES.
    """
    for frame in range(known, frames, LANES):
        start = batch_start(frame, frames)
        power_spectra(samples, start * hop, hop, window, twiddle, place, unpack, work, power)
        mel_sums(power, edge, rising, falling, mel)
        power_decibels(mel, floor)
        write_rows(mel, frame - start, frames - start, out[frame - known :])


@_compiled(f"void({_FRAMES}, f4, f4[:, ::1], f4[::1], f4[:, ::1])")
def log_power(  # type: ignore[no-untyped-def]
    samples, hop, known, frames, window, twiddle, place, unpack, floor, work, power, out
):
    """The same frames as `log_mel`, to `out`: dB per bin."""
    for frame in range(known, frames, LANES):
        start = batch_start(frame, frames)
        power_spectra(samples, start * hop, hop, window, twiddle, place, unpack, work, power)
        power_decibels(power, floor)
        write_rows(power, frame - start, frames - start, out[frame - known :])


@_compiled("i8(i2[::1])")
def energy(samples):  # type: ignore[no-untyped-def]
    """The sum of the samples' squares, exactly."""
    total = 0
    for n in range(samples.size):
        total += nb.int32(samples[n]) * nb.int32(samples[n])
    return total


@_compiled("void(f4[:, ::1], f4[:, ::1], f4[:, ::1])")
def transform_rows(rows, basis, out):  # type: ignore[no-untyped-def]
    """`rows @ basis` to `out`, summed in one and the same order whatever the number of rows, as no BLAS promises."""
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column] = _f4(0.0)
        for band in range(basis.shape[0]):
            for column in range(out.shape[1]):
                out[row, column] += rows[row, band] * basis[band, column]
