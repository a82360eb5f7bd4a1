"""Running statements on SQLite or PostgreSQL: it knows nothing of what is stored."""
