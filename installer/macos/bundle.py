"""What macOS wants to know of the application, its signature, and the disk image that users open."""

from __future__ import annotations

import os
import plistlib
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from app import __version__
from installer import plan

_HERE = Path(__file__).resolve().parent
OLDEST_MACOS = "15.0"  # PySide6 6.11's tag says 13, its bindings are built for 15; the forge has none older either

_PROJECT = f"{plan.IDENTIFIER}.project"

# (name, extensions, type): read, never claimed; others may stay the usual program for them.
_READ = (
    ("DICOM image", ("dcm", "dicom", "ima"), "org.nema.dicom"),
    ("NIfTI volume", ("nii", "nii.gz"), f"{plan.IDENTIFIER}.nifti"),
    ("NRRD volume", ("nrrd", "nhdr"), f"{plan.IDENTIFIER}.nrrd"),
    ("MetaImage volume", ("mha", "mhd"), f"{plan.IDENTIFIER}.metaimage"),
)


def info_plist() -> dict[str, Any]:
    """The dictionary of Info.plist."""
    document = {
        "CFBundleTypeName": "SwiftMedSAM project", "CFBundleTypeRole": "Editor", "LSHandlerRank": "Owner",
        "LSItemContentTypes": [_PROJECT],
    }  # fmt: skip
    readable = [
        {
            "CFBundleTypeName": name,
            "CFBundleTypeRole": "Viewer",
            "LSHandlerRank": "Alternate",
            "LSItemContentTypes": [kind],
        }
        for name, _, kind in _READ
    ]
    folder = {
        "CFBundleTypeName": "Folder of DICOM images", "CFBundleTypeRole": "Viewer", "LSHandlerRank": "None",
        "LSItemContentTypes": ["public.folder"],
    }  # fmt: skip
    return {
        "CFBundleName": plan.NAME,
        "CFBundleDisplayName": plan.NAME,
        "CFBundleIdentifier": plan.IDENTIFIER,
        "CFBundleExecutable": plan.EXECUTABLE,
        "CFBundleIconFile": "application.icns",
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": __version__,
        "CFBundleVersion": __version__,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "de", "zh_CN"],
        "LSMinimumSystemVersion": OLDEST_MACOS,
        "LSApplicationCategoryType": "public.app-category.medical",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,
        "NSHumanReadableCopyright": f"{plan.PUBLISHER}. Apache-2.0. Research use only, not a medical device.",
        "CFBundleDocumentTypes": [document, *readable, folder],
        "UTExportedTypeDeclarations": [_declaration(_PROJECT, "SwiftMedSAM project", ("swiftmed",))],
        "UTImportedTypeDeclarations": [_declaration(kind, name, extensions) for name, extensions, kind in _READ],
    }


def write_info_plist(path: Path) -> None:
    """As XML."""
    with path.open("wb") as stream:
        plistlib.dump(info_plist(), stream)


def make_disk_image(application: Path, output: Path, quick: bool = False) -> Path:
    """`SwiftMedSAM-<version>-macos-arm64.dmg`: the application beside a link to where applications go.

    Signed and notarised where the environment names an identity, see `disk_image.sh`. For macOS alone.
    """
    target = output / f"{plan.NAME}-{__version__}-macos-arm64.dmg"
    with tempfile.TemporaryDirectory() as work:
        environment = os.environ | {
            "VOLUME_NAME": f"{plan.NAME} {__version__}", "IMAGE_FORMAT": "UDZO" if quick else "ULMO",
        }  # fmt: skip
        command = ["/bin/bash", str(_HERE / "disk_image.sh"), str(application), str(target), work]
        subprocess.run(command, check=True, env=environment)
    return target


def _declaration(kind: str, name: str, extensions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "UTTypeIdentifier": kind,
        "UTTypeDescription": name,
        "UTTypeConformsTo": ["public.data"],
        "UTTypeTagSpecification": {"public.filename-extension": list(extensions)},
    }
