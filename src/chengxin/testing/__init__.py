"""Support for tests of the platform: a pytest plugin with a real database server of its own."""
