"""The signed list of the finished files. Standard library only: also the small process reads it."""

import hashlib
import hmac
import json
from typing import Any

NAME = "manifest.json"
VERSION = 2


def key_from(secret: str) -> bytes:
    """Return the key that signs the list, made from the portal's secret."""
    return hmac.digest(secret.encode(), b"status manifest", "sha256")


def signature(manifest: dict[str, Any], key: bytes) -> str:
    """Return the HMAC-SHA-256 over everything in a list but its signature."""
    content = {name: value for name, value in manifest.items() if name != "signature"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(key, canonical, hashlib.sha256).hexdigest()


def is_genuine(manifest: dict[str, Any], key: bytes) -> bool:
    return hmac.compare_digest(str(manifest.get("signature", "")), signature(manifest, key))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
