"""Tables, migrations and connections of SQLite and PostgreSQL."""
