"""What Windows reads from the executables: the manifest, and the version shown in their properties."""

from __future__ import annotations

from pathlib import Path

from app import __version__
from installer import plan

# UTF-8 as the code page, or libraries in C++ fail on file names outside the system's; long paths; sharp at any scaling.
_MANIFEST = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security>
      <requestedPrivileges>
        <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
      </requestedPrivileges>
    </security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application>
      <supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>
    </application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      <activeCodePage xmlns="http://schemas.microsoft.com/SMI/2019/WindowsSettings">UTF-8</activeCodePage>
      <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
      <dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true/pm</dpiAware>
      <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2</dpiAwareness>
    </windowsSettings>
  </application>
</assembly>
"""


def write_manifest(path: Path) -> None:
    """The manifest of the executables."""
    path.write_text(_MANIFEST, encoding="utf-8")


def version_numbers() -> tuple[int, int, int, int]:
    """The version as Windows counts: four numbers, what follows the first three parts is lost."""
    numbers = [int(part) for part in __version__.split(".")[:3]]
    major, minor, patch = (*numbers, 0, 0)[:3]
    return major, minor, patch, 0


def write_version_resource(path: Path, name: str) -> None:
    """The version resource of the executable of a name, as the freezer reads it."""
    fields = {
        "CompanyName": plan.PUBLISHER,
        "FileDescription": plan.NAME,
        "FileVersion": __version__,
        "InternalName": name,
        "LegalCopyright": f"{plan.PUBLISHER}. Apache-2.0. Research use only, not a medical device.",
        "OriginalFilename": f"{name}.exe",
        "ProductName": plan.NAME,
        "ProductVersion": __version__,
    }
    strings = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in fields.items())
    numbers = version_numbers()
    path.write_text(
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3f, flags=0, OS=0x40004, "
        f"fileType=1, subtype=0, date=(0, 0)), kids=[StringFileInfo([StringTable('040904B0', [{strings}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n",
        encoding="utf-8",
    )
