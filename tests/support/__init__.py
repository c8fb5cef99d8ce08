"""What several tests need: the clock, the databases, the PostgreSQL server."""
