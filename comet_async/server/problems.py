"""The error that handlers raise for an error document."""

from __future__ import annotations

__all__ = ["ApiError"]


class ApiError(Exception):
    """A request that gets an error body instead of data."""

    def __init__(self, status: int, message: str, sdk_error_code: int = 0, shape: str = "") -> None:
        """Describe the error as the wire does.

        Args:
            status: HTTP status, repeated as `code` in the body.
            message: Text of `msg`.
            sdk_error_code: Number that the SDK tells cases apart by; 0 for none.
            shape: Form of the document, where a service has several; "" for its usual one.
        """
        super().__init__(message)
        self.status = status
        self.message = message
        self.sdk_error_code = sdk_error_code
        self.shape = shape
