"""What makes the application a file to install; developers and CI only, never shipped."""
