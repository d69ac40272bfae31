"""Errors that a user reads: each says in one sentence what is wrong and where."""


class EngineError(Exception):
    """Base of every error that the engine raises on purpose; `str(error)` is one sentence for the user."""


class GeometryError(EngineError, ValueError):
    """A geometry that cannot be true, or two that should agree and do not."""


class ReadError(EngineError):
    """A file or folder that cannot be read truly."""


class NoImageError(ReadError):
    """A file that is known to hold something else than an image, whole and in order as it may be."""


class WriteError(EngineError):
    """A result that could not be written and verified; what was there before is untouched."""


class PromptError(EngineError, ValueError):
    """A box or point that lies outside the image or has no extent."""


class WindowError(EngineError, ValueError):
    """A display window that shows nothing."""


class LabelError(EngineError, ValueError):
    """A label that does not exist or cannot be written."""


class ModelError(EngineError):
    """A model package that is missing, damaged, or not understood, or that failed its self-test."""
