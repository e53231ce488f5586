"""The engine: runs requests against services. It knows HTTP, but no vendor."""
