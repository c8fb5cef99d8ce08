"""Generated bank accounts and mandates: a payer has none, one or two of each."""

from __future__ import annotations

from collections.abc import Mapping

from ..identifiers import IdSpace
from ..lanes import Body, Place
from ..times import DAY, iso
from .draw import Draw
from .payers import PayerGenerator
from .timeline import FIRST, MANDATE_ENDINGS, SECOND_ONE, Timeline

UNAPPROVED = "pending_customer_approval"
_FIRST_FATES = (
    *(("active",) * 80 + ("cancelled",) * 6 + ("expired",) * 4 + ("consumed",) * 3),
    *(("blocked",) * 2 + ("suspended_by_payer",) * 2 + ("failed",) * 3),
)
_NEWER_FATES = ("active",) * 64 + (UNAPPROVED,) * 20 + ("failed",) * 8 + ("cancelled",) * 8


class MandateGenerator:
    """Makes bank account and mandate number (which, payer), always the same."""

    def __init__(
        self,
        seed: int,
        timeline: Timeline,
        payers: PayerGenerator,
        ids: dict[str, IdSpace],
        creditor_id: str,
        taken_over: Mapping[Place, int],
    ) -> None:
        self._taken_over = taken_over
        self._seed = seed
        self._timeline = timeline
        self._payers = payers
        self._ids = ids
        self._creditor_id = creditor_id

    def fate(self, which: int, payer: int) -> str | None:
        """What becomes of the mandate in the end; None where the payer has no such mandate."""
        draw = Draw(self._seed, "mandate", payer)
        has_first = draw.chance(86)
        first = draw.pick(_FIRST_FATES)
        if not has_first:
            return None
        if which == FIRST:
            return first
        has_newer = draw.chance(70 if first in ("cancelled", "expired") else 16)
        old_enough = self._timeline.customer_ms(payer) + DAY < self._timeline.mandate_ms(
            SECOND_ONE, payer
        )
        return draw.pick(_NEWER_FATES) if has_newer and old_enough else None

    def steps(self, which: int, payer: int) -> tuple[str, ...]:
        """The steps that the mandate has taken by now; empty where there is no mandate."""
        fate = self.fate(which, payer)
        if fate is None:
            return ()
        if fate == UNAPPROVED:
            path: tuple[str, ...] = ("created",)
        elif fate == "failed":
            path = ("created", "submitted", "failed")
        else:
            path = ("created", "submitted", "active")
            path += (fate,) if fate in MANDATE_ENDINGS else ()
        until = self._taken_over.get((which, payer)) or self._timeline.now_ms()
        return tuple(
            step for step in path if self._timeline.mandate_step_ms(which, step, payer) <= until
        )

    def status(self, which: int, payer: int) -> str:
        """The status that the steps have led to."""
        steps = self.steps(which, payer)
        if len(steps) > 1:
            return steps[-1]
        return UNAPPROVED if self.fate(which, payer) == UNAPPROVED else "pending_submission"

    def bank_account(self, which: int, payer: int) -> Body | None:
        """The body of a bank account."""
        if self.fate(which, payer) is None:
            return None
        draw = Draw(self._seed, f"bank account {which}", payer)
        country = self._payers.country(payer)
        replaced = which == FIRST and self.fate(SECOND_ONE, payer) is not None
        return {
            "id": self._ids["customer_bank_accounts"].encode(which, payer),
            "created_at": iso(self._timeline.bank_account_ms(which, payer)),
            "account_number_ending": draw.digits(4 if country.currency == "NZD" else 2),
            "account_holder_name": self._payers.holder_name(payer),
            "account_type": "checking" if country.currency == "USD" else None,
            "bank_account_token": None,
            "bank_name": draw.pick(country.banks),
            "currency": country.currency,
            "country_code": country.code,
            "metadata": {},
            "enabled": not (replaced and self.status(which, payer) in MANDATE_ENDINGS),
            "links": {"customer": self._ids["customers"].encode(0, payer)},
        }

    def mandate(self, which: int, payer: int) -> Body | None:
        """The body of a mandate."""
        if self.fate(which, payer) is None:
            return None
        draw = Draw(self._seed, f"mandate details {which}", payer)
        identity = self._ids["mandates"].encode(which, payer)
        status = self.status(which, payer)
        created_ms = self._timeline.mandate_ms(which, payer)
        return {
            "id": identity,
            "created_at": iso(created_ms),
            "reference": f"KMS-{identity[-8:]}",
            "status": status,
            "scheme": self._payers.country(payer).scheme,
            "next_possible_charge_date": None,  # told by the store, as it changes by the day
            "next_possible_standard_ach_charge_date": None,
            "payments_require_approval": False,
            "metadata": {"contract": f"C-{draw.digits(5)}"} if draw.chance(20) else {},
            "links": {
                "customer_bank_account": self._ids["customer_bank_accounts"].encode(which, payer),
                "creditor": self._creditor_id,
                "customer": self._ids["customers"].encode(0, payer),
            },
            "consent_parameters": None,
            "consent_type": None,
            "verified_at": None,
            "funds_settlement": "managed",
            "authorisation_source": draw.pick(("web", "web", "web", "telephone", "paper")),
            "mandate_type": "bank_debit",
        }
