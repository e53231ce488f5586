"""What stands beside the data of most answers."""

from __future__ import annotations

from comet_async.wire import Flat, NullableList, Wire, no_items

__all__ = [
    "DeleteEnvelope",
    "PageMetadata",
    "Pagination",
    "RequestMetadata",
    "TokenPageMetadata",
    "TokenPagination",
]


class RequestMetadata(Wire, frozen=True, kw_only=True):
    """What stands beside the data of an answer.

    Attributes:
        notices: Notices for the caller.
        request_id: Id of the exchange, for the vendor's support.

    Wire model: MetadataV1.
    """

    notices: NullableList[str] = no_items()
    request_id: str | None = None


class DeleteEnvelope(Flat, frozen=True, kw_only=True):
    """Whether something was removed.

    Attributes:
        metadata: Request id and notices.
        success: Whether it worked.

    Wire model: DeleteEnvelopeV1.
    """

    metadata: RequestMetadata | None = None
    success: bool | None = None


class Pagination(Flat, frozen=True, kw_only=True):
    """Where a page stands in its listing.

    Attributes:
        limit: Most rows of a page, as used.
        offset: Rows skipped.
        total_count: Rows in all.
        next_page_token: Token of the next page, of registered models alone.

    Wire model: PaginationV1.
    """

    limit: int | None = None
    offset: int | None = None
    total_count: int | None = None
    next_page_token: str | None = None


class PageMetadata(Wire, frozen=True, kw_only=True):
    """What stands beside a page; the figures are flat or nested, as the server likes.

    Attributes:
        notices: Notices for the caller.
        request_id: Id of the exchange, for the vendor's support.
        limit: Most rows of a page, as used.
        offset: Rows skipped.
        total_count: Rows in all; None where the server does not count them.
        pagination: The same figures, where a server nests them.
        next_page_token: Token of the next page, of registered models alone.

    Wire model: PaginatedMetadataV1.
    """

    notices: NullableList[str] = no_items()
    request_id: str | None = None
    limit: int | None = None
    offset: int | None = None
    total_count: int | None = None
    pagination: Pagination | None = None
    next_page_token: str | None = None


class TokenPagination(Flat, frozen=True, kw_only=True):
    """The token of the next page, where a server nests it.

    Attributes:
        next_page_token: Token of the next page; None after the last.

    Wire model: TokenPaginationV1.
    """

    next_page_token: str | None = None


class TokenPageMetadata(Wire, frozen=True, kw_only=True):
    """What stands beside a page that has a token for the next one.

    Attributes:
        notices: Notices for the caller.
        request_id: Id of the exchange, for the vendor's support.
        next_page_token: Token of the next page; None after the last.
        pagination: The same figures, where a server nests them.

    Wire model: TokenPaginatedMetadataV1.
    """

    notices: NullableList[str] = no_items()
    request_id: str | None = None
    next_page_token: str | None = None
    pagination: TokenPagination | None = None
