"""The error answers of the API: one envelope, many reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_DOCUMENTATION = "https://developer.gocardless.com/api-reference#"


@dataclass(frozen=True)
class Problem:
    """One rejected parameter."""

    field: str
    message: str
    pointer: str

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "message": self.message, "request_pointer": self.pointer}


class ApiError(Exception):
    """An answer other than success; the app turns it into the JSON envelope."""

    def __init__(
        self,
        status: int,
        kind: str,
        reason: str,
        message: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.reason = reason
        self.message = message
        self.headers = headers or {}
        self._errors = [{"reason": reason, "message": message}] if errors is None else errors

    def sentences(self) -> list[str]:
        """What is wrong, for people."""
        return [f"{error.get('field', '')} {error['message']}".strip() for error in self._errors]

    def to_json(self, request_id: str) -> dict[str, Any]:
        """The envelope. A fault of the service itself carries no ``errors``."""
        error: dict[str, Any] = {
            "message": self.message,
            "documentation_url": _DOCUMENTATION + self.reason,
            "type": self.kind,
            "request_id": request_id,
            "code": self.status,
        }
        if self._errors:
            error["errors"] = self._errors
        return {"error": error}


def usage_error(status: int, reason: str, message: str, **headers: str) -> ApiError:
    """The request could not be understood or is not allowed."""
    return ApiError(status, "invalid_api_usage", reason, message, headers=headers)


def not_found() -> ApiError:
    """404 in the words of the live service."""
    return usage_error(404, "not_found", "not found")


def validation_failed(problems: list[Problem]) -> ApiError:
    """422: one or more parameters were rejected."""
    errors = [problem.to_json() for problem in problems]
    return ApiError(
        422, "validation_failed", "validation_failed", "Validation failed", errors=errors
    )


def invalid_state(reason: str, message: str) -> ApiError:
    """422: the request is fine, but not in the state that the resource is in."""
    return ApiError(422, "invalid_state", reason, message)


def idempotency_conflict(existing_id: str) -> ApiError:
    """409: something has been created with this Idempotency-Key before."""
    reason = "idempotent_creation_conflict"
    message = "A resource has already been created with this idempotency key"
    links = {"conflicting_resource_id": existing_id}
    detail = {"reason": reason, "message": message, "links": links}
    return ApiError(409, "invalid_state", reason, message, errors=[detail])


def bank_account_exists(existing_id: str) -> ApiError:
    """409: the customer has this bank account already."""
    reason, message = "bank_account_exists", "Bank account already exists"
    links = {"customer_bank_account": existing_id}
    detail = {"reason": reason, "message": message, "links": links}
    return ApiError(409, "validation_failed", reason, message, errors=[detail])


def internal_error() -> ApiError:
    """500 in the words of the live service."""
    return ApiError(500, "gocardless", "internal_error", "Uh-oh!", errors=[])
