from __future__ import annotations

import pytest

from installer import plan
from installer.closure import needed
from installer.report import faults, oversize, size_by_component, size_table, unmet_imports

_WHOLE = [
    "app/bundled/models/swift/manifest.json", "app/bundled/models/swift/encoder.bin",
    "app/bundled/models/swift/CARD.md",
    "app/bundled/resources/samples/prompts.json", "app/bundled/resources/icons/application.svg",
    "app/bundled/resources/translations/swiftmedsam_de.qm", "app/bundled/resources/translations/swiftmedsam_zh.qm",
    "app/bundled/resources/CHANGELOG.md", "app/bundled/resources/licences/Qt and PySide6 6.11.3.txt",
    "app/bundled/resources/licences/Python 3.11.7.txt", "app/bundled/resources/licences/OpenVINO 2026.4.1.txt",
    "app/bundled/sbom.cdx.json", "swiftmedsam-0.1.0.dist-info/METADATA",
    "openvino/libs/libopenvino_intel_cpu_plugin.so", "openvino/libs/libopenvino_ir_frontend.so.2641",
    "openvino/libs/libtbb.so.12", "PySide6/Qt/plugins/platforms/libqoffscreen.so",
    "PySide6/Qt/translations/qtbase_de.qm", "SimpleITK/_SimpleITK.abi3.so", "vtkmodules/libvtkFiltersCore.so",
    "PIL/_webp.abi3.so", "highdicom/_standard/module_attribute_map.json",
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "openvino/libs/libopenvino.so.2641", "openvino/libs/openvino.dll", "openvino/libs/libopenvino.2641.dylib",
        "openvino/libs/libopenvino_intel_npu_plugin.so", "openvino/libs/openvino_ir_frontend.dll",
        "openvino/libs/libtbb.so.12", "openvino/libs/tbb12.dll", "openvino/libs/libtbb.12.dylib",
        "PySide6/Qt/plugins/platforms/libqxcb.so", "PySide6/plugins/platforms/qwindows.dll",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib", "PySide6/Qt/plugins/imageformats/libqjpeg.so",
        "PySide6/plugins/styles/qmodernwindowsstyle.dll", "PySide6/translations/qtbase_zh_CN.qm",
        "openvino/libs/libopenvino_arm_cpu_plugin.so", "libfreetype.6.dylib", "libpng16.16.dylib",
        "PySide6/Qt/lib/QtGui.framework/Versions/A/QtGui",
        "pillow.libs/libXau-154567c4.so.6.0.0", "libxcb-cursor.so.0", "libpython3.11.so.1.0", "vcruntime140.dll",
        "app/bundled/models/swift-int8/decoder.bin",
    ],
)  # fmt: skip
def test_that_what_the_application_needs_is_kept(name: str) -> None:
    assert plan.keeps(name)


@pytest.mark.parametrize(
    "name",
    [
        "openvino/libs/libopenvino_pytorch_frontend.so.2641", "openvino/libs/openvino_onnx_frontend.dll",
        "openvino/libs/cache.json", "openvino/libs/openvino_intel_npu_compiler.dll", "openvino/libs/libtbbmalloc.so.2",
        "PySide6/Qt/plugins/platforms/libqvnc.so", "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "PySide6/Qt/plugins/sqldrivers/libqsqlite.so", "PySide6/Qt/plugins/tls/libqopensslbackend.so",
        "PySide6/Qt/lib/QtQml.framework/Versions/A/Resources/Info.plist",
        "PySide6/Qt6Quick.dll", "PySide6/Qt/lib/libQt6Network.so.6", "PySide6/Qt/translations/qtbase_fr.qm",
        "libstdc++.so.6", "libGL.so.1", "numpy/random/tests/data/pcg64.csv",
        "numpy/_core/_multiarray_tests.cpython-311-x86_64-linux-gnu.so", "pydicom/data/test_files/CT_small.dcm",
        "app/bundled/models/swift-f32/weights.safetensors",
    ],
)  # fmt: skip
def test_that_what_nobody_uses_is_left_out(name: str) -> None:
    assert not plan.keeps(name)


def test_that_a_whole_bundle_has_no_faults() -> None:
    assert faults(_WHOLE) == []


@pytest.mark.parametrize("name", _WHOLE)
def test_that_a_missing_part_is_named(name: str) -> None:
    found = faults([other for other in _WHOLE if other != name])
    assert len(found) == 1
    assert found[0].startswith("nothing in the bundle is called")


@pytest.mark.parametrize(
    "name",
    [
        "torch/lib/libtorch_cpu.so", "torch-2.13.0.dist-info/METADATA", "nncf/__init__.py", "scipy/linalg/_flapack.so",
        "openvino_telemetry/main.py", "openvino/tools/ovc/__init__.py", "PySide6/Qt/lib/libQt6WebEngineCore.so.6",
        "PySide6/QtQml.abi3.so", "PySide6/Qt6Network.dll", "openvino/libs/libopenvino_onnx_frontend.so.2641",
        "numpy/tests/test_x.py", "numpy/_core/_umath_tests.cp312-win_amd64.pyd", "yaml/_yaml.so",
        "lib-dynload/_ssl.cpython-311.so", "libssl.so.3", "libgtk-3.so.0",
        "app/bundled/models/swift-f32/weights.safetensors", "matplotlib/mpl-data/matplotlibrc", "_pytest/main.py",
    ],
)  # fmt: skip
def test_that_what_is_forbidden_is_found_whoever_brought_it(name: str) -> None:
    assert [fault for fault in faults([*_WHOLE, name]) if fault.startswith(f"{name} must not be in the bundle")]


def test_that_libraries_of_plugins_left_out_go_with_them() -> None:
    links = {
        "/w/window.so": ["libwidgets.so", "libc.so.6"], "/w/libwidgets.so": ["libcore.so"], "/w/libcore.so": [],
        "/w/libgtk.so": ["libpango.so"], "/w/libpango.so": ["libcore.so"], "/w/xcb.so": ["libxcb-icccm.so"],
        "/w/libxcb-icccm.so": [], "/w/libpython.so": [],
    }  # fmt: skip
    table = [
        ("PySide6/window.so", "/w/window.so", "EXTENSION"),
        ("PySide6/Qt/lib/libwidgets.so", "/w/libwidgets.so", "BINARY"),
        ("libcore.so", "/w/libcore.so", "BINARY"), ("libgtk.so", "/w/libgtk.so", "BINARY"),
        ("libpango.so", "/w/libpango.so", "BINARY"), ("libwidgets.so", "PySide6/Qt/lib/libwidgets.so", "SYMLINK"),
        ("libgtk.so", "else/libgtk.so", "SYMLINK"), ("PySide6/Qt/plugins/platforms/xcb.so", "/w/xcb.so", "BINARY"),
        ("libxcb-icccm.so", "/w/libxcb-icccm.so", "BINARY"), ("libpython.so", "/w/libpython.so", "BINARY"),
    ]  # fmt: skip
    kept = [name for name, _, _ in needed(table, lambda file: links[file])]
    assert kept == [
        "PySide6/window.so", "PySide6/Qt/lib/libwidgets.so", "libcore.so", "libwidgets.so",
        "PySide6/Qt/plugins/platforms/xcb.so", "libxcb-icccm.so", "libpython.so",
    ]  # fmt: skip


def test_that_every_byte_is_counted_once() -> None:
    files = {
        "openvino/libs/libtbb.so.12": 3,
        "app/bundled/models/a/encoder.bin": 5,
        "libfoo.so": 7,
        "PIL/_imaging.so": 11,
    }
    sizes = size_by_component(files)
    assert sizes == {"OpenVINO": 3, "models": 5, "other": 7, "Pillow": 11}
    table = size_table({"openvino/libs/libtbb.so.12": 4_000_000}, files | {"SimpleITK/_SimpleITK.so": 2_000_000})
    assert "OpenVINO" in table
    assert table.splitlines()[-1].split() == ["all", "4.0", "2.0", "in", "5", "files"]


def test_that_a_bundle_that_has_grown_is_a_fault_that_names_what_is_largest() -> None:
    files = {"SimpleITK/_SimpleITK.so": 500_000_000, "openvino/libs/libtbb.so.12": plan.LARGEST["linux"] * 1_000_000}
    assert oversize({"a.so": plan.LARGEST["linux"] * 1_000_000}, "linux") == []
    (sentence,) = oversize(files, "linux")
    assert sentence.startswith("the bundle has 1400 MB, more than 900: OpenVINO 900, SimpleITK 500")


def test_that_a_module_left_out_though_something_cannot_do_without_it_is_found() -> None:
    text = """
missing module named pwd - imported by posixpath (top-level)
excluded module named _frozen_importlib - imported by zipimport (top-level)
excluded module named ssl - imported by http.client (optional), asyncio.base_events (optional)
excluded module named sqlite3 - imported by nothing.much (delayed), highdicom.image (top-level)
excluded module named pytest - imported by nibabel (delayed)
"""
    assert unmet_imports(text) == ["sqlite3 is left out, but highdicom.image cannot be imported without it"]
