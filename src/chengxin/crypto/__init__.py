"""Keys, signatures, seals and blind indexes, in an international and a national suite.

keyring = load_keyring()
signature = keyring.sign("receipt", message)
verify(keyring.public_keys("receipt"), message, signature)
sealed = keyring.seal("sealed-number", number, context_of("person", "number", person_id))
index = keyring.blind("blind-index", number)
"""

from chengxin.crypto.errors import KeyMissing, KeysUnsafe, WrongPurpose, WrongSeal, WrongSignature
from chengxin.crypto.keyring import KeyFacts, Keyring, context_of, load_keyring, sealed_by
from chengxin.crypto.purposes import PURPOSES, Purpose
from chengxin.crypto.signatures import PublicKey, Signature, read_public_keys, verify
from chengxin.crypto.streams import open_stream, seal_stream
from chengxin.crypto.suite import Kind, Suite, add_suite, suite_named

__all__ = [
    "PURPOSES",
    "KeyFacts",
    "KeyMissing",
    "Keyring",
    "KeysUnsafe",
    "Kind",
    "PublicKey",
    "Purpose",
    "Signature",
    "Suite",
    "WrongPurpose",
    "WrongSeal",
    "WrongSignature",
    "add_suite",
    "context_of",
    "load_keyring",
    "open_stream",
    "read_public_keys",
    "seal_stream",
    "sealed_by",
    "suite_named",
    "verify",
]
