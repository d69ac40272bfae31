"""The bundle's structure, and the disk image made with stand-ins for Apple's tools, which write down what is asked."""

from __future__ import annotations

import os
import plistlib
import struct
import subprocess
from pathlib import Path

import pytest

from installer.macos.bundle import info_plist
from installer.macos.check import faults_of_bundle
from installer.macos.code import oldest_system, processors

_ARM64, _X64 = 0x0100000C, 0x01000007

needs_bash = pytest.mark.skipif(not Path("/bin/bash").exists(), reason="there is no /bin/bash")


def thin(processor: int, macos: tuple[int, int] | None = (13, 0), *, older: bool = False) -> bytes:
    """A Mach-O file of two load commands, of which the second tells the system it was built for."""
    other = struct.pack("<2I8x", 0x1B, 16)
    version = 0 if macos is None else macos[0] << 16 | macos[1] << 8
    told = struct.pack("<4I", 0x24, 16, version, version) if older else struct.pack("<6I", 0x32, 24, 1, version, 0, 0)
    commands = other + (b"" if macos is None else told)
    return struct.pack("<8I", 0xFEEDFACF, processor, 0, 6, 1 if macos is None else 2, len(commands), 0, 0) + commands


def universal(*kinds: int, macos: tuple[int, int] = (13, 0)) -> bytes:
    """The parts lie one after another, 4,096 bytes apart; that for Intel was built for an old system."""
    parts = [thin(kind, macos if kind == _ARM64 else (10, 15), older=kind != _ARM64) for kind in kinds]
    table = b"".join(struct.pack(">5I", kind, 0, 4096 * n, 100, 12) for n, kind in enumerate(kinds, 1))
    head = b"\xca\xfe\xba\xbe" + struct.pack(">I", len(kinds)) + table
    return head.ljust(4096, b"\0") + b"".join(part.ljust(4096, b"\0") for part in parts)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle as the freezer lays one out."""
    folder = tmp_path / "SwiftMedSAM.app"
    contents = folder / "Contents"
    files = {
        "Info.plist": plistlib.dumps(info_plist()), "MacOS/swiftmedsam": thin(_ARM64),
        "Resources/application.icns": b"icns", "Resources/app/bundled/sbom.cdx.json": b"{}",
        "Frameworks/libone.dylib": thin(_ARM64), "Frameworks/QtCore.framework/Versions/A/QtCore": thin(_ARM64),
        "Frameworks/PySide6/QtCore.abi3.so": universal(_X64, _ARM64),
    }  # fmt: skip
    for name, content in files.items():
        (contents / name).parent.mkdir(parents=True, exist_ok=True)
        (contents / name).write_bytes(content)
    (contents / "MacOS" / "swiftmedsam").chmod(0o755)
    (contents / "Frameworks" / "app").symlink_to("../Resources/app")
    (contents / "Frameworks" / "QtCore.framework" / "QtCore").symlink_to("Versions/A/QtCore")
    return folder


def test_that_a_bundle_as_the_freezer_lays_it_out_has_no_faults(bundle: Path) -> None:
    assert faults_of_bundle(bundle) == []


def test_that_processors_are_read_from_thin_and_universal_files_and_from_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "file"
    java = b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(64)
    for content, found in (
        (thin(_ARM64), {_ARM64}), (universal(_X64, _ARM64), {_X64, _ARM64}), (b"\x7fELF" + bytes(60), set()),
        (b"", set()), (java, set()), (b"\xca\xfe\xba\xbe\x00\x00\x00\x02" + bytes(10), set()),
    ):  # fmt: skip
        file.write_bytes(content)
        assert processors(file) == found


def test_that_the_system_a_file_was_built_for_is_read_of_its_part_for_apple_silicon(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content, found in (
        (thin(_ARM64, (15, 0)), (15, 0)), (thin(_ARM64, (11, 3), older=True), (11, 3)),
        (universal(_X64, _ARM64, macos=(26, 1)), (26, 1)), (universal(_X64), (0, 0)), (thin(_ARM64, None), (0, 0)),
        (b"text", (0, 0)), (thin(_ARM64)[:20], (0, 0)), (thin(_ARM64)[:40], (0, 0)),
        (struct.pack("<8I", 0xFEEDFACF, _ARM64, 0, 6, 2**32 - 1, 2**32 - 1, 0, 0) + bytes(64), (0, 0)),
    ):  # fmt: skip
        file.write_bytes(content)
        assert oldest_system(file) == found


def break_link(contents: Path) -> None:
    (contents / "Frameworks" / "lost.dylib").symlink_to("nowhere.dylib")


def lead_outside(contents: Path) -> None:
    (contents / "Frameworks" / "system.dylib").symlink_to("/usr/lib/libSystem.dylib")


def bring_intel(contents: Path) -> None:
    (contents / "Frameworks" / "libtwo.dylib").write_bytes(thin(_X64))


def forget_version(contents: Path) -> None:
    (contents / "Info.plist").write_bytes(plistlib.dumps(info_plist() | {"CFBundleShortVersionString": "0.0.1"}))


def spoil_list(contents: Path) -> None:
    (contents / "Info.plist").write_text("<plist><dict>", encoding="utf-8")


def write_a_list(contents: Path) -> None:
    (contents / "Info.plist").write_bytes(plistlib.dumps([1, 2]))


def write_a_bad_date(contents: Path) -> None:
    (contents / "Info.plist").write_text("<plist><dict><key>a</key><date>x</date></dict></plist>", encoding="utf-8")


def need_a_newer_system(contents: Path) -> None:
    (contents / "Frameworks" / "libthree.dylib").write_bytes(universal(_X64, _ARM64, macos=(15, 1)))


def lose_program(contents: Path) -> None:
    (contents / "MacOS" / "swiftmedsam").chmod(0o644)


def lose_icon(contents: Path) -> None:
    (contents / "Resources" / "application.icns").unlink()


def put_data_beside_the_program(contents: Path) -> None:
    (contents / "MacOS" / "notes.txt").write_text("data", encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="what may be started is told by its mode")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (break_link, "lost.dylib leads to nowhere.dylib"), (lead_outside, "system.dylib leads to /usr/lib"),
        (bring_intel, "libtwo.dylib is not for Apple silicon"), (forget_version, "says '0.0.1' of CFBundleShort"),
        (spoil_list, "Info.plist cannot be read"), (write_a_list, "Info.plist holds no dictionary"),
        (write_a_bad_date, "a value in it is malformed"), (need_a_newer_system, "three.dylib is built for macOS 15.1"),
        (lose_program, "names swiftmedsam, which is no program"),
        (lose_icon, "the icon"), (put_data_beside_the_program, "notes.txt is no program"),
    ],
)  # fmt: skip
def test_that_a_fault_of_a_bundle_is_named(bundle: Path, spoil: object, said: str) -> None:
    assert callable(spoil)
    spoil(bundle / "Contents")
    found = faults_of_bundle(bundle)
    assert len(found) == 1
    assert said in found[0]


# ---------------------------------------------------------------------------------------------------------- disk image

_TOOLS = {
    "codesign": "", "xcrun": "", "spctl": "", "hdiutil": 'touch "${@: -1}"', "ditto": 'cp -a "$1" "$2"',
    "file": 'case "$2" in *.txt) echo text ;; *) echo "Mach-O 64-bit" ;; esac',
}  # fmt: skip


def make_image(bundle: Path, work: Path, **environment: str) -> tuple[int, list[str]]:
    """Run the script: its exit code, and what Apple's tools were asked, in order."""
    tools, log = work / "tools", work / "log.txt"
    tools.mkdir()
    for name, script in _TOOLS.items():
        asked = f'echo "{name} $*" >> "$LOG"\n' if name != "file" else ""
        fails = f'[[ ${{FAILING:-}} != "{name}" ]] || exit 1\n'
        (tools / name).write_text(f"#!/bin/bash\n{asked}{fails}{script}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    log.touch()
    (work / "made").mkdir()
    image = work / "made" / "SwiftMedSAM.dmg"
    recipe = Path(__file__).resolve().parents[2] / "installer" / "macos" / "disk_image.sh"
    given = {"PATH": f"{tools}:{os.environ['PATH']}", "LOG": str(log), "VOLUME_NAME": "S 1", "IMAGE_FORMAT": "ULMO"}
    done = subprocess.run(
        ["/bin/bash", str(recipe), str(bundle), str(image), str(work / "made")],
        env=given | environment, check=False, capture_output=True,
    )  # fmt: skip
    return done.returncode, log.read_text(encoding="utf-8").replace(str(work), "").splitlines()


@needs_bash
def test_that_a_build_for_nobody_is_signed_inside_out_and_laid_out_with_a_link_to_applications(
    bundle: Path, tmp_path: Path
) -> None:
    (bundle / "Contents" / "Frameworks" / "notes.txt").write_text("", encoding="utf-8")
    code, asked = make_image(bundle, tmp_path)
    assert code == 0
    signed = [line.rsplit("/", 1)[-1] for line in asked if line.startswith("codesign --force")]
    assert {"libone.dylib", "QtCore.abi3.so", "swiftmedsam"} <= set(signed)
    assert "notes.txt" not in signed
    assert signed[-1] == "SwiftMedSAM.app"
    assert all("--sign -" in line and "--deep" not in line for line in asked if line.startswith("codesign --force"))
    assert [line for line in asked if "--entitlements" in line] == [
        line for line in asked if line.startswith("codesign --force") and line.endswith("SwiftMedSAM.app")
    ]
    after = asked[asked.index(next(line for line in asked if "--verify --strict" in line)) :]
    assert [line.split()[0] for line in after] == ["codesign", "ditto", "hdiutil"]
    assert "-volname S 1" in asked[-1]
    assert "-format ULMO" in asked[-1]
    image = tmp_path / "made" / "image"
    assert (image / "Applications").readlink() == Path("/Applications")
    assert (image / bundle.name / "Contents" / "Frameworks" / "app").is_symlink()


@needs_bash
def test_that_an_identity_hardens_signs_the_image_and_has_it_notarised(bundle: Path, tmp_path: Path) -> None:
    code, asked = make_image(
        bundle, tmp_path, SWIFTMEDSAM_SIGN_IDENTITY="Developer ID", NOTARY_KEY="key.p8", NOTARY_KEY_ID="7",
        NOTARY_ISSUER="9",
    )  # fmt: skip
    assert code == 0
    signing = [line for line in asked if line.startswith("codesign --force")]
    assert all("--timestamp" in line and "--sign Developer ID" in line for line in signing)
    assert all("--options runtime" in line for line in signing if not line.endswith(".dmg"))
    assert signing[-1].endswith("SwiftMedSAM.dmg")
    ending = [line.split()[:2] for line in asked[-3:]]
    assert ending == [["xcrun", "notarytool"], ["xcrun", "stapler"], ["spctl", "--assess"]]
    assert "--key key.p8 --key-id 7 --issuer 9 --wait" in asked[-3]


@needs_bash
@pytest.mark.parametrize("tool", ["codesign", "ditto", "hdiutil"])
def test_that_a_tool_that_fails_ends_the_build(bundle: Path, tmp_path: Path, tool: str) -> None:
    code, asked = make_image(bundle, tmp_path, FAILING=tool)
    assert code != 0
    assert asked[-1].startswith(tool)
