"""Readers: each chosen by a file's content, never by its name alone."""
