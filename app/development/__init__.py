"""The development machine: PostgreSQL, Valkey, API and worker, set up and supervised by ourselves."""
