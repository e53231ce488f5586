"""Who may ask: API keys and bearer tokens, which may change while the server runs."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from comet_async.server.problems import ApiError

__all__ = ["Access"]

_HEADER = "x-domino-api-key"
_BEARER = "bearer "


class Access:
    """The valid keys and tokens of one server; any is valid unless some were given."""

    def __init__(
        self,
        keys: Collection[str] | None = None,
        *,
        tokens: Collection[str] | None = None,
        readers: Collection[str] = (),
        proxy: bool = False,
    ) -> None:
        """Say who may ask.

        Args:
            keys: Valid API keys; None accepts any.
            tokens: Valid bearer tokens; None accepts any.
            readers: Keys and tokens that may read but not write.
            proxy: Whether credentials may be missing, as before the proxy within a run, which
                adds its own.
        """
        self._lock = threading.Lock()
        self._keys = None if keys is None else set(keys)
        self._tokens = None if tokens is None else set(tokens)
        self._revoked: set[str] = set()
        self._readers = set(readers)
        self._proxy = proxy
        self._issued = 0

    def issue(self) -> str:
        """Return a fresh valid token, as the proxy within a run does; older ones stay valid.

        Raises:
            ApiError: 404, this server is no such proxy.
        """
        if not self._proxy:
            raise ApiError(404, "No such path")
        self._issued += 1
        token = f"issued-token-{self._issued}"
        self.allow(token)
        return token

    def allow(self, secret: str) -> None:
        """Make a key or token valid, also one that was revoked."""
        with self._lock:
            self._revoked.discard(secret)
            for known in (self._keys, self._tokens):
                if known is not None:
                    known.add(secret)

    def revoke(self, secret: str) -> None:
        """Make a key or token invalid from now on."""
        with self._lock:
            self._revoked.add(secret)

    def rotate(self, old: str, new: str) -> None:
        """Make one key or token valid in place of another."""
        self.allow(new)
        self.revoke(old)

    def caller(self, headers: Mapping[str, str]) -> str:
        """Return the key or token of a request.

        Args:
            headers: By name in lower case.

        Raises:
            ApiError: 401, there is none, or an invalid one.
        """
        given = headers.get("authorization", "")
        bearer = given[: len(_BEARER)].lower() == _BEARER
        secret = given[len(_BEARER) :].strip() if bearer else headers.get(_HEADER, "")
        if not secret and self._proxy:
            return ""
        with self._lock:
            known = self._tokens if bearer else self._keys
            if not secret or secret in self._revoked or (known is not None and secret not in known):
                raise ApiError(401, "You must be logged in to do that")
        return secret

    def may_write(self, secret: str) -> None:
        """Let a caller write.

        Raises:
            ApiError: 403, it may only read.
        """
        if secret in self._readers:
            raise ApiError(403, "You are not allowed to do that")

    def __repr__(self) -> str:
        return "<Access any>" if self._keys is None else f"<Access {len(self._keys)} keys>"
