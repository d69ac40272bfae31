"""Libraries that wheels contain: all of them named, each with its licence."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path

import pytest
import SimpleITK

from installer.distributions import bundled_distributions, licence_files
from installer.parts import SECTIONS, TOLD_BY_WHEEL, parts_of, unnamed
from installer.report import faults
from installer.sbom import write_sbom
from installer.stage import stage_licences

# What ITK calls its modules of others' code, and the names under which it is told here.
_MODULES_OF_OTHERS = {
    "DICOMParser": "DICOMParser", "DoubleConversion": "double-conversion", "Eigen3": "Eigen", "Expat": "Expat",
    "GDCM": "GDCM", "GIFTI": "GIFTI", "HDF5": "HDF5", "JPEG": "libjpeg", "KWIML": "KWIML", "KWSys": "KWSys",
    "LIBLBFGS": "libLBFGS", "MINC": "MINC", "MetaIO": "MetaIO", "NIFTI": "NIfTI", "Netlib": "VNL and Netlib",
    "NrrdIO": "NrrdIO", "OpenJPEG": "OpenJPEG", "PNG": "libpng", "TIFF": "libtiff", "VNL": "VNL and Netlib",
    "ZLIB": "zlib-ng",
}  # fmt: skip


@pytest.mark.parametrize("name", SECTIONS)
def test_that_every_library_inside_has_a_licence_and_its_text(name: str) -> None:
    found = parts_of(name)
    assert found
    assert len({part.name for part in found}) == len(found)
    for part in found:
        assert part.licence, part.name
        assert len(part.text) > 80, part.name
        assert not part.text.startswith("==== ")


def test_that_what_simpleitk_says_of_itself_is_named() -> None:
    modules = {name.removeprefix("ITK") for name in SimpleITK.Version.ITKModulesEnabled()}
    named = {part.name for part in parts_of("simpleitk")}
    assert {name for module, name in _MODULES_OF_OTHERS.items() if module in modules} <= named
    assert {"CharLS", "GDCM", "OpenJPEG", "zlib-ng"} <= named


@pytest.mark.parametrize("name", TOLD_BY_WHEEL)
def test_that_what_a_wheel_tells_of_itself_is_in_the_licences_it_brings(name: str) -> None:
    texts = " ".join(
        path.read_text(encoding="utf-8", errors="replace") for _, path in licence_files(distribution(name))
    )
    for part in TOLD_BY_WHEEL[name]:
        assert part.lower() in texts.lower(), part


def test_that_a_library_of_others_inside_vtk_that_no_licence_names_is_a_fault() -> None:
    named = ["vtkmodules/libvtkfmt-9.7.so.1", "vtkmodules/libvtkCommonCore.so", "vtkmodules/vtksys.dll", "libvtkx11.so"]
    assert list(unnamed(named)) == []
    assert list(unnamed([*named, "vtkmodules/libvtkhdf5.so"])) == ["vtkmodules/libvtkhdf5.so"]
    assert any("libvtkhdf5.so is a library of others" in sentence for sentence in faults(["vtkmodules/libvtkhdf5.so"]))


def test_that_libraries_inside_are_in_the_list_of_parts_and_among_the_licences(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="the installer extra brings the freezer and its licence")
    write_sbom(tmp_path / "sbom.json", bundled_distributions(), [])
    components = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))["components"]
    inside = {part["name"]: {each["name"] for each in part.get("components", ())} for part in components}
    references = [part["bom-ref"] for part in components]
    references += [each["bom-ref"] for part in components for each in part.get("components", ())]
    assert len(set(references)) == len(references)
    assert "OpenJPEG" in inside["simpleitk"]
    assert "FreeType" in inside["vtk"]
    assert "ICU and data of Unicode" in inside["PySide6_Essentials"]
    assert "oneDNN" in inside["openvino"]
    assert inside["pydicom"] == set()
    stage_licences(tmp_path / "licences")
    texts = {file.stem: file.read_text(encoding="utf-8") for file in (tmp_path / "licences").glob("*.txt")}
    for name, library in (("SimpleITK", "GDCM"), ("VTK", "glad"), ("Qt 6", "HarfBuzz"), ("Python", "Expat")):
        text = next(text for stem, text in texts.items() if stem.startswith(name) and stem.endswith("contains"))
        assert text.startswith("as listed\n\n")
        assert f"==== {library}" in text
