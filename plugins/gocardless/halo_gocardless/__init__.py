"""GoCardless for Halo Host: payers become users, and a user shows the payer's payments."""

__version__ = "0.3.0"
