"""The HTTP API of search: routes, validation, and what it says of itself (OpenAPI)."""
