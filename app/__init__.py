"""SwiftMedSAM: interactive and batch segmentation of medical images on an ordinary laptop."""

__version__ = "0.1.0"  # of the newest heading of CHANGELOG.md; model packages have versions of their own
