"""The PSA's people: customers, their sites, the users of a site, and custom fields."""
