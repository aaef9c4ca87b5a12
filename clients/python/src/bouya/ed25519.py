"""Whether an Ed25519 signature is valid, by the rule that the ledger uses: ZIP-215, and no keys of small order.

Why not with OpenSSL, which signs here: Ed25519 libraries disagree about signatures that nobody makes by accident (points that are not
reduced or have a part of small order). A ledger needs one answer, so its rule is exact: the equation is multiplied by the cofactor, and
points may be encoded in any way. OpenSSL refuses some signatures that the ledger takes, and a receipt with one of them would be true for
every node and false here.

Nothing secret is touched, so it does not matter that plain Python does not run in constant time. A signature takes a few milliseconds.
"""

from __future__ import annotations

import hashlib

Point = tuple[int, int, int, int]
"""X, Y, Z and T = XY/Z: extended coordinates."""

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
_D2 = 2 * D % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
ZERO: Point = (0, 1, 1, 0)


def decompress(data: bytes) -> Point | None:
    """The point that 32 bytes encode: y may be 2^255 - 19 or more, and x = 0 may have a sign."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, (y & (1 << 255) - 1) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def add(p: Point, q: Point) -> Point:
    """The sum of two points, whichever they are."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = p[3] * q[3] * _D2 % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(p: Point) -> Point:
    """A point and itself."""
    a, b = p[0] * p[0] % P, p[1] * p[1] % P
    c, h = 2 * p[2] * p[2] % P, a + b
    e, g = h - (p[0] + p[1]) ** 2 % P, a - b
    f = c + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negated(p: Point) -> Point:
    """The point that adds up to zero with it."""
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def _is_small(p: Point) -> bool:
    """Whether eight times the point is zero."""
    p = double(double(double(p)))
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


def _base() -> Point:
    point = decompress(bytes([0x58] + [0x66] * 31))
    assert point is not None, "RFC 8032 encodes it so"
    return point


BASE = _base()


def _multiplied(s: int, p: Point, k: int, q: Point) -> Point:
    """s times p and k times q, added: one walk over the bits of both."""
    both, sum = add(p, q), ZERO
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        sum = double(sum)
        in_s, in_k = s >> bit & 1, k >> bit & 1
        if in_s or in_k:
            sum = add(sum, both if in_s and in_k else p if in_s else q)
    return sum


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of `key` signed the message."""
    if len(key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= ORDER:
        return False
    a, r = decompress(key), decompress(signature[:32])
    if a is None or r is None or _is_small(a):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return _is_small(add(_multiplied(s, BASE, k, negated(a)), negated(r)))
