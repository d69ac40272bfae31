"""The program as a process on a real X server, with another program's mouse and keys; nibabel reads what was saved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation
from numpy.typing import NDArray
from PIL import ImageGrab, features

from tests.gui.window_hand import load_nifti

_ROOT = Path(__file__).resolve().parents[2]
_LONG_S = 240.0  # a busy machine takes its time; nothing waits so long where all is well
_STEP_S = 0.2
_MAGENTA = (255, 0, 255)
_BLOCK = (slice(20, 60), slice(26, 58), slice(1, 4))  # x, y, z
_MISSING = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(_MISSING), reason=f"needs {' and '.join(_MISSING)}"),
    pytest.mark.skipif(not features.check("xcb"), reason="needs a Pillow that takes pictures of an X screen"),
]


class Screen:
    """An X server of our own, and what sits before it."""

    def __init__(self, size: str = "1400x950x24") -> None:
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"]
        self._server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as said:  # it says its number when it is ready
            self.display = f":{said.readline().strip()}"

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(timeout=_LONG_S)

    def do(self, *arguments: object) -> str:
        """Have xdotool do something; what it says."""
        command = ["xdotool", *(str(argument) for argument in arguments)]
        environment = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=_LONG_S
        ).stdout.strip()

    def window(self, title: str) -> str:
        """The window whose title fits a pattern, as soon as there is one, with the keyboard."""
        found = self.do("search", "--sync", "--onlyvisible", "--name", title).split()[-1]
        self.do("windowfocus", "--sync", found)
        return found

    def is_there(self, title: str) -> bool:
        """Whether a window of that title is shown now."""
        command = ["xdotool", "search", "--onlyvisible", "--name", title]
        return subprocess.run(command, env={**os.environ, "DISPLAY": self.display}, check=False).returncode == 0

    def block(self) -> tuple[int, int, int, int] | None:
        """The largest magenta area: left, top, right, bottom; None where there is none."""
        pixels = np.asarray(ImageGrab.grab(xdisplay=self.display).convert("RGB"))
        there = (pixels == _MAGENTA).all(axis=2)
        parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(there.astype(np.uint8))))
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        if not sizes.any():
            return None
        rows, columns = np.nonzero(parts == sizes.argmax())
        return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag with the left button, through a point between."""
        middle = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
        self.do("mousemove", "--sync", *start, "mousedown", 1)
        self.do("mousemove", "--sync", *middle, "mousemove", "--sync", *end, "mouseup", 1)


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A colour volume with a magenta block in a grey surround."""
    voxels = np.full((96, 80, 5), 70, dtype=np.uint8)
    rgb = np.zeros(voxels.shape, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    for channel, value in zip("RGB", _MAGENTA, strict=True):
        rgb[channel] = voxels
        rgb[channel][_BLOCK] = value
    path = tmp_path / "block.nii.gz"
    nibabel.save(nibabel.Nifti1Image(rgb, np.diag([-1.0, -1.0, 1.0, 1.0])), path)
    return path


@pytest.fixture
def program(screen: Screen, image: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The program with the image, on that screen."""
    environment = {
        **os.environ, "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb", "QT_QPA_PLATFORMTHEME": "",
        "SWIFTMEDSAM_HOME": str(tmp_path / "home"), "LC_ALL": "C.UTF-8", "LANGUAGE": "en",
    }  # fmt: skip
    command = [sys.executable, "-m", "app", str(image)]
    started = subprocess.Popen(
        command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    yield started
    started.kill()
    started.communicate()


def wait(condition: Callable[[], object], program: subprocess.Popen[str]) -> None:
    """Until something is so, while the program lives."""
    until = time.monotonic() + _LONG_S
    while not condition():
        assert program.poll() is None, program.communicate()[0]
        assert time.monotonic() < until
        time.sleep(_STEP_S)


def settled_block(screen: Screen, program: subprocess.Popen[str]) -> tuple[int, int, int, int]:
    """Where the block is on the screen, once it stays there."""
    seen: list[tuple[int, int, int, int] | None] = []

    def rests() -> bool:
        seen.append(screen.block())
        return len(seen) > 2 and seen[-1] is not None and seen[-1] == seen[-2] == seen[-3]

    wait(rests, program)
    assert seen[-1] is not None
    return seen[-1]


def overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float(2.0 * (found & true).sum() / (found.sum() + true.sum()))


def test_that_a_box_dragged_on_the_screen_becomes_a_mask_that_others_read(
    screen: Screen, program: subprocess.Popen[str], image: Path
) -> None:
    window = screen.window(r"block\.nii\.gz")
    left, top, right, bottom = settled_block(screen, program)
    screen.drag((left - 6, top - 6), (right + 6, bottom + 6))
    screen.do("key", "Return")  # accepts as soon as the model has answered
    wait(lambda: screen.is_there(r"block\.nii\.gz\*"), program)

    screen.do("key", "ctrl+e")
    screen.window("Export labels")
    screen.do("key", "Return")
    mask = image.with_name("block_mask.nii.gz")
    wait(mask.exists, program)

    screen.do("windowfocus", "--sync", window)
    screen.do("key", "ctrl+s")
    screen.window("Save project")
    screen.do("key", "Return")
    project = image.with_name("block.swiftmed")
    wait(project.exists, program)
    wait(lambda: not screen.is_there(r"block\.nii\.gz\*"), program)

    screen.do("windowfocus", "--sync", window)
    screen.do("key", "ctrl+q")
    said, _ = program.communicate(timeout=_LONG_S)
    assert program.returncode == 0, said
    read = load_nifti(mask)
    labels = np.asarray(read.dataobj)
    assert np.allclose(read.affine, load_nifti(image).affine)
    slices = np.flatnonzero(labels.any(axis=(0, 1)))
    assert len(slices) == 1
    true = np.zeros(labels.shape[:2], dtype=bool)
    true[_BLOCK[:2]] = True
    assert overlap(labels[..., slices[0]] == 1, true) > 0.8
    with zipfile.ZipFile(project) as archive:
        assert "labels.npy" in archive.namelist()
