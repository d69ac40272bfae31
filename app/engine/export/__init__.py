"""Writers: aside first, read back by an independent reader, compared, then moved into place."""

from app.engine.export.dicom_checks import check_dicom
from app.engine.export.labels import EXTENSIONS, check_format, write_labels
from app.engine.export.mesh import check_mesh
from app.engine.export.overlay import write_overlay

__all__ = ["EXTENSIONS", "check_dicom", "check_format", "check_mesh", "write_labels", "write_overlay"]
