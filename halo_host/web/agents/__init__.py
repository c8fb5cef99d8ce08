"""The people who sign in: the page of administrators, and the own account."""
