"""The JSON API: the rooms of the host for programs, described by OpenAPI 3.1 (`/api/v1`)."""
