"""The documented body of a 200 from `GET /api/v1/me`; unknown fields are kept.

Source: the vendor's page "Get account and connections".
"""

from pydantic import BaseModel, ConfigDict, Field


class _Documented(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class Account(_Documented):
    """Who owns the key."""

    id: int | str
    email: str | None = None


class KeyInfo(_Documented):
    """The key as OutboundSync knows it; never the secret."""

    name: str | None = None
    scopes: list[str]
    connectionScope: str  # noqa: N815 - the API's own name


class Connection(_Documented):
    """One CRM connection that the key may read."""

    id: int | str
    crm: str
    organizationId: str | int | None = None  # noqa: N815
    organizationDomain: str | None = None  # noqa: N815


class Me(_Documented):
    """The identity behind a key: account, key and accessible CRM connections."""

    account: Account = Field(description="id, and email or null.")
    apiKey: KeyInfo = Field(description="name, scopes, connectionScope (account or connection).")  # noqa: N815
    connections: list[Connection] = Field(description="CRM connections with API access that this key may read.")


ME_FIELDS = frozenset(name for model in (Me, Account, KeyInfo, Connection) for name in model.model_fields)
"""The names that the documentation gives to fields, at any level."""
