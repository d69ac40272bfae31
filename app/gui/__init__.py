"""The window: shows what the engine knows and asks it for more. Holds no truth of its own."""
