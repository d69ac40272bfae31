"""The engine: all knowledge of images, prompts, models and masks. Synchronous, no Qt."""
