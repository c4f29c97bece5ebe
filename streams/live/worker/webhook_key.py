"""The key that deliveries are signed with, from its text: `whsec_` and base64 (Standard Webhooks), or any text."""

import base64
import binascii

_PREFIX = b"whsec_"


def signing_key(secret: bytes) -> bytes:
    """Return the key. Raises ValueError, with a sentence that does not hold the secret, where there is none in it."""
    if not secret.startswith(_PREFIX):
        key = secret
    else:
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error as error:
            raise ValueError(f"what stands behind whsec_ is no base64: {error}") from None
    if not key:
        raise ValueError("the key is empty: whoever knows that can sign")
    return key
