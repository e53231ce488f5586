"""Bodies as Domino answers them."""

from __future__ import annotations

import json

__all__ = ["NOT_FOUND", "refusal"]


def refusal(*sentences: str, request_id: str = "r-1") -> bytes:
    """Return the body of a refusal."""
    return json.dumps({"requestId": request_id, "errors": list(sentences)}).encode()


NOT_FOUND = refusal("Not Found")
