"""What a valid signature is: the counts of tests/ed25519.rs, where four Rust implementations stand beside each other."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bouya import Key
from bouya.ed25519 import BASE, ORDER, ZERO, P, Point, _is_small, _multiplied, add, decompress, verify

MESSAGE = b"Zcash"


def compressed(point: Point) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def times(scalar: int, point: Point) -> Point:
    return _multiplied(scalar, point, 0, ZERO)


def small_order() -> list[bytes]:
    """All encodings of the eight points of small order, canonical or not."""
    generator = next(
        point
        for y in range(2, 50)
        if (raw := decompress(y.to_bytes(32, "little"))) and not _is_small(raw)
        for point in [times(ORDER, raw)]
        if not is_zero(times(4, point))
    )
    found = [compressed(times(number, generator)) for number in range(8)]
    for y in [*range(P, 2**255), 1, P - 1]:
        for sign in (0, 1):
            data = (y | sign << 255).to_bytes(32, "little")
            point = decompress(data)
            if point and _is_small(point) and data not in found:
                found.append(data)
    return found


def is_zero(point: Point) -> bool:
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def challenge(r: bytes, key: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + MESSAGE).digest(), "little") % ORDER


def openssl(key: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, MESSAGE)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_the_196_signatures_of_small_order_are_all_refused() -> None:
    points = small_order()
    assert len(points) == 14
    # S = 0 fits every message.
    assert not any(verify(key, MESSAGE, r + bytes(32)) for key in points for r in points)


def test_points_of_mixed_order_count_where_openssl_differs() -> None:
    torsion = [point for data in small_order()[:8] if (point := decompress(data))]
    ours = theirs = 0
    for key_offset in torsion:
        for r_offset in torsion:
            key, r = compressed(add(times(7_919, BASE), key_offset)), compressed(add(times(104_729, BASE), r_offset))
            s = (104_729 + challenge(r, key) * 7_919) % ORDER
            signature = r + s.to_bytes(32, "little")
            ours, theirs = ours + verify(key, MESSAGE, signature), theirs + openssl(key, signature)
    assert ours == 64
    # Why this package does not verify with it.
    assert theirs < 64


def test_a_nonce_point_of_small_order_is_fine_and_a_loose_scalar_is_not() -> None:
    key = compressed(times(7_919, BASE))
    fine = [r + (challenge(r, key) * 7_919 % ORDER).to_bytes(32, "little") for r in small_order()]
    assert [verify(key, MESSAGE, signature) for signature in fine] == [True] * 14
    signer = Key(bytes([1] * 32))
    signature = signer.sign(MESSAGE)
    assert verify(signer.public, MESSAGE, signature)
    assert not verify(signer.public, b"Zcach", signature)
    # S + L fits the same equation; if it counted, anybody could change a transaction's id.
    loose = int.from_bytes(signature[32:], "little") + ORDER
    assert not verify(signer.public, MESSAGE, signature[:32] + loose.to_bytes(32, "little"))


def test_no_flipped_bit_of_a_signature_or_its_key_verifies() -> None:
    signer = Key(bytes([2] * 32))
    signed = signer.public + signer.sign(MESSAGE)
    for bit in range(0, 96 * 8, 7):
        changed = bytearray(signed)
        changed[bit // 8] ^= 1 << bit % 8
        assert not verify(bytes(changed[:32]), MESSAGE, bytes(changed[32:])), bit
