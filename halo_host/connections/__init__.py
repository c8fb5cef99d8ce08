"""Configured accounts of integrations: settings, secrets, matching, field mappings."""
