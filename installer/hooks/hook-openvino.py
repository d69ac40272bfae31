"""Libraries of OpenVINO for the freezer, which knows of none: it finds its plugins by name, not by linking."""

from pathlib import Path

from PyInstaller.utils.hooks import get_package_paths

from installer.plan import is_openvino_library

_LIBRARIES = Path(get_package_paths("openvino")[1]) / "libs"

binaries = [(str(file), "openvino/libs") for file in sorted(_LIBRARIES.iterdir()) if is_openvino_library(file.name)]
hiddenimports = ["pkgutil", "openvino._offline_transformations"]
excludedimports = ["openvino.tools", "openvino.torch", "openvino_telemetry"]
