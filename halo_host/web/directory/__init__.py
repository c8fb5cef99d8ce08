"""Customers, their sites and users, and what one may know of each."""
