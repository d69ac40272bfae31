"""What goes into the bundle beside code, and what is said of it."""

from __future__ import annotations

import ast
import json
import plistlib
import subprocess
import sys
import xml.etree.ElementTree as ET
from configparser import ConfigParser
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from PIL import Image

from app import __version__, paths
from app.gui.notices import installed_notices
from installer import plan
from installer.distributions import (
    bundled_distributions,
    copy_metadata,
    licence_files,
    licence_of,
    python_licence,
    write_own_metadata,
)
from installer.macos.bundle import info_plist, write_info_plist
from installer.sbom import SystemPackage, write_sbom
from installer.stage import draw_icons, stage_licences
from installer.windows.resources import version_numbers, write_manifest, write_version_resource

_LINUX = Path(__file__).resolve().parents[2] / "installer" / "linux"


def tree(path: Path) -> ET.Element:
    return ET.fromstring(path.read_bytes())  # noqa: S314 - our own files


@pytest.fixture(scope="module")
def names() -> set[str]:
    return {found.name.lower() for found in bundled_distributions()}


def test_that_all_that_the_application_imports_is_bundled_and_nothing_for_training(names: set[str]) -> None:
    assert {"numpy", "simpleitk", "pydicom", "nibabel", "pillow", "pyjpegls", "openvino", "highdicom", "vtk"} <= names
    assert {"shiboken6", "pyside6_essentials"} <= {name.replace("-", "_") for name in names}
    assert not names & {"torch", "nncf", "matplotlib", "openvino-telemetry", "scipy", "pytest"}


def test_that_metadata_in_a_bundle_name_version_licence_and_text(tmp_path: Path) -> None:
    copy_metadata(distribution("openvino"), tmp_path)
    write_own_metadata(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from importlib.metadata import distribution\n"
        "for name in ('openvino', 'swiftmedsam'):\n"
        "    found = distribution(name)\n"
        "    texts = [file.locate().read_text(errors='replace') for file in found.files if 'licenses' in str(file)]\n"
        "    assert str(found.files[0].locate()).startswith(sys.path[0])\n"
        "    print(found.version, found.metadata['License-Expression'], any('Apache' in text for text in texts))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    openvino, own = done.stdout.splitlines()
    assert openvino.startswith(distribution("openvino").version)
    assert own == f"{__version__} Apache-2.0 True"


@pytest.mark.parametrize("address", ["", "https://example.org/releases"])
def test_that_the_page_of_newer_versions_is_in_the_metadata_where_it_is_known(tmp_path: Path, address: str) -> None:
    write_own_metadata(tmp_path, address)
    own = Distribution.at(next(tmp_path.glob("swiftmedsam-*.dist-info"))).metadata
    told = own.get_all("Project-URL") or []
    assert (f"Releases, {address}" in told) is bool(address)
    assert len([line for line in told if line.startswith("Releases,")]) <= 1


def test_that_every_bundled_wheel_has_a_licence_and_a_text_from_somewhere(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="the installer extra brings the freezer and its licence")
    stage_licences(tmp_path)
    written = " ".join(file.name.lower() for file in tmp_path.iterdir())
    for found in bundled_distributions():
        assert licence_of(found), found.name
        given = found.name.lower().split("_")[0].replace("shiboken6", "pyside6")
        assert list(licence_files(found)) or given in written, found.name
    qt = next(tmp_path.glob("Qt and PySide6*.txt")).read_text(encoding="utf-8")
    assert qt.startswith("LGPL-3.0-only\n\n")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in qt
    assert "TERMS AND CONDITIONS" in qt
    openvino = next(tmp_path.glob("OpenVINO*.txt")).read_text(encoding="utf-8")
    assert "oneDNN" in openvino
    assert "PYTHON SOFTWARE FOUNDATION LICENSE" in python_licence()


def test_that_the_window_shows_what_the_bundle_brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "resources" / "licences"
    folder.mkdir(parents=True)
    (folder / "Qt 6.txt").write_text("LGPL-3.0-only\n\nThe text.\n\nMore.", encoding="utf-8")
    monkeypatch.setattr(paths, "resources_dir", lambda: tmp_path / "resources")
    notice = next(notice for notice in installed_notices() if notice.name == "Qt 6")
    assert (notice.licence, notice.text) == ("LGPL-3.0-only", "The text.\n\nMore.")


def test_that_the_list_of_parts_names_each_with_version_and_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: set[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    system = [SystemPackage("libxcb-cursor0", "0.1.1-4+b1", "debian")]
    write_sbom(tmp_path / "a.json", bundled_distributions(), system)
    write_sbom(tmp_path / "b.json", bundled_distributions(), system)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    content = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (content["bomFormat"], content["specVersion"]) == ("CycloneDX", "1.5")
    assert content["metadata"]["timestamp"] == "2001-09-09T01:46:40Z"
    assert content["metadata"]["component"]["version"] == __version__
    parts = {part["name"].lower(): part for part in content["components"]}
    assert set(parts) == names | {"cpython", "libxcb-cursor0"}
    assert parts["numpy"]["purl"] == f"pkg:pypi/numpy@{distribution('numpy').version}"
    assert parts["libxcb-cursor0"]["purl"] == "pkg:deb/debian/libxcb-cursor0@0.1.1-4%2Bb1"
    assert len({part["bom-ref"] for part in content["components"]}) == len(content["components"])


def test_that_icons_have_the_sizes_that_systems_ask_for(tmp_path: Path) -> None:
    draw_icons(tmp_path)
    with Image.open(tmp_path / "application.ico") as icon:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= set(icon.info["sizes"])
    with Image.open(tmp_path / "application.icns") as icon:
        assert max(size[0] * size[2] for size in icon.info["sizes"]) == 1024
    with Image.open(tmp_path / "application-48.png") as icon:
        assert icon.size == (48, 48)
        assert icon.mode == "RGBA"
        assert icon.getpixel((0, 0))[3] == 0  # type: ignore[index] # of an RGBA picture
        assert icon.getpixel((24, 24))[3] == 255  # type: ignore[index]


# ---------------------------------------------------------------------------------------------------- what systems read


def test_that_the_property_list_is_what_it_says(tmp_path: Path) -> None:
    write_info_plist(tmp_path / "Info.plist")
    read = plistlib.loads((tmp_path / "Info.plist").read_bytes())
    assert read == info_plist()
    assert read["CFBundleShortVersionString"] == __version__
    assert read["CFBundleExecutable"] == plan.EXECUTABLE
    declared = {
        each["UTTypeIdentifier"] for each in read["UTExportedTypeDeclarations"] + read["UTImportedTypeDeclarations"]
    }
    for document in read["CFBundleDocumentTypes"]:
        assert set(document["LSItemContentTypes"]) <= declared | {"public.folder"}
    owned = [each["LSItemContentTypes"] for each in read["CFBundleDocumentTypes"] if each["LSHandlerRank"] == "Owner"]
    assert owned == [[f"{plan.IDENTIFIER}.project"]]
    extensions = [e for each in read["UTImportedTypeDeclarations"] for e in each["UTTypeTagSpecification"].popitem()[1]]
    assert "gz" not in extensions


def test_that_entitlements_allow_compiled_models_and_nothing_else(project_root: Path) -> None:
    read = plistlib.loads((project_root / "installer" / "macos" / "entitlements.plist").read_bytes())
    prefix = "com.apple.security.cs."
    assert read == {f"{prefix}allow-jit": True, f"{prefix}allow-unsigned-executable-memory": True}


def test_that_windows_is_told_utf_8_long_paths_and_sharpness(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.xml")
    told = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in tree(tmp_path / "m.xml").iter()}
    assert told["activeCodePage"] == "UTF-8"
    assert told["longPathAware"] == "true"
    assert told["dpiAwareness"] == "PerMonitorV2"


def test_that_the_version_resource_states_the_version_twice_as_windows_wants_it(tmp_path: Path) -> None:
    write_version_resource(tmp_path / "v.txt", "swiftmedsam")
    tree = ast.parse((tmp_path / "v.txt").read_text(encoding="utf-8"), mode="eval")  # the freezer evaluates it
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    pairs = [
        [ast.literal_eval(value) for value in call.args] for call in calls if ast.unparse(call.func) == "StringStruct"
    ]
    assert dict(pairs)["ProductVersion"] == dict(pairs)["FileVersion"] == __version__
    assert dict(pairs)["OriginalFilename"] == "swiftmedsam.exe"
    words = [word for call in calls for word in call.keywords if word.arg in ("filevers", "prodvers")]
    numbers = {word.arg: ast.literal_eval(word.value) for word in words}
    assert numbers["filevers"] == numbers["prodvers"] == version_numbers()
    assert len(version_numbers()) == 4


def test_that_the_desktop_entry_is_complete_and_its_types_are_declared() -> None:
    entry = ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment,method-assign] # keys keep their case
    entry.read(_LINUX / "swiftmedsam.desktop", encoding="utf-8")
    desktop = entry["Desktop Entry"]
    assert desktop["Exec"] == f"{plan.EXECUTABLE} %F"
    assert desktop["Icon"] == "swiftmedsam"
    kinds = [kind for kind in desktop["MimeType"].split(";") if kind.startswith("application/x-")]
    names = {element.get("type") for element in tree(_LINUX / "swiftmedsam-mime.xml").iter()}
    assert set(kinds) <= names


def test_that_the_description_for_software_centres_names_what_is_installed() -> None:
    root = tree(_LINUX / "swiftmedsam.metainfo.xml")
    assert root.findtext("id") == plan.IDENTIFIER
    assert root.findtext("launchable") == "swiftmedsam.desktop"
    assert root.findtext("project_license") == "Apache-2.0"
