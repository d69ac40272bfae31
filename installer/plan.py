"""What travels in the frozen application and what does not: tables, read by the freezer, the checks and the tests.

Names are those inside the bundle's folder of libraries, with forward slashes, on every system.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch

from app.cli.parser import COMMANDS

NAME = "SwiftMedSAM"
EXECUTABLE = "swiftmedsam"
IDENTIFIER = "io.github.swiftmedsam"  # reverse domain name, as macOS and the desktops of Linux want one
PUBLISHER = "The SwiftMedSAM authors"
CONSOLE_EXECUTABLE = "swiftmedsam-cli"  # Windows alone: a program with a window has no console there

# Python packages that nothing of ours needs but something might drag in.
EXCLUDED_MODULES = (
    "convert", "torch", "nncf", "scipy", "sklearn", "safetensors", "cv2", "matplotlib", "pandas", "h5py", "sympy",
    "networkx", "openvino_telemetry", "openvino.tools", "openvino.torch", "torchvision", "tensorflow", "jax", "onnx",
    "paddle", "pytest", "_pytest", "hypothesis", "mypy", "IPython", "tkinter", "_tkinter", "turtle", "idlelib",
    "lib2to3", "ensurepip", "venv", "pip", "setuptools", "pkg_resources", "wheel", "distutils", "pydoc_data",
    "ssl", "_ssl", "curses", "readline", "numpy.f2py", "numpy.distutils", "PIL.ImageTk", "PIL.ImageQt",
    "PIL._avif", "PIL._imagingft", "PIL._imagingcms", "PIL._imagingtk",
    "yaml", "_yaml",  # numpy prints its build's settings with it, where it is there
    "nibabel.benchmarks", "pydicom.data.test_files", "PySide6.QtNetwork", "PySide6.QtQml", "PySide6.QtQuick",
    "PySide6.QtOpenGL", "PySide6.QtDBus", "PySide6.QtTest", "PySide6.QtSql", "PySide6.QtPrintSupport",
    "PySide6.QtHelp", "PySide6.QtDesigner", "PySide6.QtUiTools", "PySide6.QtXml",
)  # fmt: skip

# What no import statement shows: openvino calls `__import__("pkgutil")`, numpy.random asks for `secrets`, and the
# command line imports its subcommands by name.
HIDDEN_MODULES = (
    "pkgutil", "secrets", "vtkmodules.util.numpy_support", "vtkmodules.vtkRenderingOpenGL2",
    *(f"app.cli.{name}" for name in COMMANDS),
)  # fmt: skip

# OpenVINO finds its plugins by name beside its library, so no dependency shows them. Only IR files are read; the
# frontends of other frameworks, HETERO, automatic batching and the C interface are left out. So is the NPU's compiler
# on Windows (100 MB): the plugin then asks the driver's.
OPENVINO_LIBRARIES = (
    "*openvino.*", "*openvino_*_cpu_plugin*", "*openvino_intel_gpu_plugin*", "*openvino_intel_npu_plugin*",
    "*openvino_auto_plugin*", "*openvino_ir_frontend*", "*tbb[0-9.]*", "libtbb.*", "*tbbbind*", "*hwloc*",
)  # fmt: skip
_OPENVINO_DROPPED = ("*.pdb", "*.lib", "*.pc", "cache.json", "*_debug*")

QT_PLUGINS = {
    # offscreen is what the self-test of an installation without a screen uses
    "platforms": ("qxcb", "qwayland*", "qwindows", "qcocoa", "qoffscreen"),
    "platforminputcontexts": ("compose*", "ibus*"),
    "platformthemes": ("qxdgdesktopportal",),
    "imageformats": ("qjpeg", "qsvg", "qico"),
    "iconengines": ("qsvgicon",),
    "styles": ("*",),
    "wayland-shell-integration": ("xdg-shell",),
    "wayland-decoration-client": ("bradient",),
    "wayland-graphics-integration-client": (),
    "xcbglintegrations": (),
}
QT_TRANSLATIONS = ("qtbase_de.qm", "qtbase_zh_CN.qm")
_QT_DROPPED = (
    "*Qt6Qml*", "*Qt6Quick*", "*QtQml*", "*QtQuick*", "*Qt6Network*", "*QtNetwork*", "*Qt6VirtualKeyboard*", "*Qt6Pdf*",
    "*Qt6OpenGL.*", "*Qt6OpenGLWidgets*", "*opengl32sw*", "*d3dcompiler*", "*WaylandEglClientHw*", "*pyside6qml*",
)  # fmt: skip

# The desktop's own: a copy from the machine that builds would be older or newer than the graphics driver it meets.
SYSTEM_LIBRARIES = (
    "libstdc++.so*", "libgcc_s.so*", "libGL*.so*", "libEGL.so*", "libOpenGL.so*", "libX11*.so*", "libxcb.so*",
    "libXext*", "libXau.so*", "libXdmcp*", "libdrm*", "libfontconfig*", "libfreetype*", "libexpat*", "libglib*",
    "libgthread*", "libwayland*", "libdbus*", "libsystemd*", "libz.so*", "libcap.so*", "libgcrypt*", "libgpg-error*",
    "libpcre*", "libbsd*", "libmd.so*", "libuuid*", "libbrotli*", "libpng16.so*",
)  # fmt: skip

# What must not be inside, whoever brought it: pattern of a name in the bundle, and why.
FORBIDDEN = {
    r"(^|/)(torch|nncf|scipy|matplotlib|sklearn|cv2|convert)(/|-[\d.]+)": "training and conversion stay outside",
    r"(^|/)openvino_telemetry|(^|/)openvino/tools": "nothing reports to anybody",
    r"(^|/)(_?pytest|hypothesis|mypy|pip|setuptools)(/|-[\d.]+)": "tools of developers",
    r"WebEngine|Qt6?(Qml|Quick|3D|Network|Pdf|VirtualKeyboard)": "parts of Qt that the window does not use",
    r"(tensorflow|pytorch|paddle|onnx|jax|gguf)[\w]*frontend": "OpenVINO reads IR alone",
    r"(^|/)(tests?|test_files)/|(^|/)_\w+_tests\.": "test files",
    r"(^|/)_?yaml(/|\.)": "only numpy's report on its own build reads YAML",
    r"\.safetensors$": "weights for training",
    r"(^|/)(_ssl|libssl)[^ ]*\.(so|pyd|dll|dylib)": "nothing opens a connection",
    r"gtk": "GTK brings a second desktop",
}

# What must be inside, or the application is not whole: patterns of names.
REQUIRED = (
    "app/bundled/models/*/manifest.json", "app/bundled/models/*/encoder.bin", "app/bundled/models/*/CARD.md",
    "app/bundled/resources/samples/prompts.json", "app/bundled/resources/icons/application.svg",
    "app/bundled/resources/translations/swiftmedsam_de.qm", "app/bundled/resources/translations/swiftmedsam_zh.qm",
    "app/bundled/resources/CHANGELOG.md", "app/bundled/resources/licences/*Qt*",
    "app/bundled/resources/licences/Python*", "app/bundled/resources/licences/OpenVINO*",
    "app/bundled/sbom.cdx.json", "swiftmedsam-*.dist-info/METADATA",
    "*openvino_*_cpu_plugin*", "*openvino_ir_frontend*", "*tbb*", "*platforms/*offscreen*",
    "*translations/qtbase_de.qm", "*SimpleITK/_SimpleITK*", "*vtkmodules/*vtkFiltersCore*",
    "PIL/_webp*", "highdicom/_standard/*.json",
)  # fmt: skip

# Megabytes of a bundle: Linux as built here and a twentieth more, the others as summed up from wheels and a fifth more.
LARGEST = {"linux": 900, "win32": 600, "darwin": 830}

# Parts of the size table, first match counts.
COMPONENTS = {
    "OpenVINO": r"openvino|tbb|hwloc",
    "SimpleITK": r"simpleitk",
    "VTK": r"vtk|viskores",
    "Qt and PySide6": r"pyside6|shiboken6|qt6|(^|/)plugins/|icu(data|i18n|uc)",
    "NumPy": r"numpy",
    "Pillow": r"pillow|(^|/)PIL/",
    "DICOM and NIfTI": r"pydicom|highdicom|nibabel|jpeg_?ls|charls",
    "models": r"bundled/models/",
    "resources": r"bundled/",
    "Python": r"libpython|python3|lib-dynload|base_library|\.pyc$|Python$|LIBBZ2|_bootlocale",
}


def keeps(name: str) -> bool:
    """Whether a file that the freezer found stays in the bundle."""
    file = name.rsplit("/", 1)[-1]
    if "/" not in name and ".so" in file and any(fnmatch(file, pattern) for pattern in SYSTEM_LIBRARIES):
        return False
    if "openvino/libs/" in name:
        return is_openvino_library(file)
    if any(fnmatch(name, pattern) for pattern in _QT_DROPPED):  # on macOS a library is a folder
        return False
    plugin = re.search(r"PySide6/(?:Qt/)?plugins/([^/]+)/(?:lib)?([^/.]+)", name)
    if plugin is not None:
        return any(fnmatch(plugin[2], pattern) for pattern in QT_PLUGINS.get(plugin[1], ()))
    if re.search(r"PySide6/(?:Qt/)?translations/", name):
        return file in QT_TRANSLATIONS
    return not re.search(r"(^|/)(tests?|testing|test_files)/|(^|/)_\w+_tests\.|\.(pyi|safetensors)$", name)


def is_openvino_library(file: str) -> bool:
    """Whether a file of OpenVINO's folder of libraries is needed to run IR models."""
    if any(fnmatch(file, pattern) for pattern in _OPENVINO_DROPPED):
        return False
    return any(fnmatch(file, pattern) for pattern in OPENVINO_LIBRARIES)


def component_of(name: str) -> str:
    """The line of the size table that a file is counted in."""
    for component, pattern in COMPONENTS.items():
        if re.search(pattern, name, re.IGNORECASE):
            return component
    return "other"
