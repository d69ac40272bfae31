"""SwiftMedSAM: interactive and batch segmentation of medical images on an ordinary laptop."""

__version__ = "0.1.0"
