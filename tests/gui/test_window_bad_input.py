"""What is broken, missing, in the way or cut off: one sentence, nothing lost, what was open untouched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from app.engine.project import open_project
from app.engine.prompt import Box, Box3D
from app.gui.dialogs.asks import RecoverChoice, UnsavedChoice
from tests.gui.window_hand import App

_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
_REGION = Box3D(2, 2, 1, 30, 28, 9)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A volume of 10 x 32 x 36 voxels with a bright block."""
    voxels = np.full((36, 32, 10), -20, dtype=np.int16)
    voxels[8:24, 8:20, 2:8] = 200
    path = tmp_path / "in" / "block.nii.gz"
    path.parent.mkdir()
    nib.save(nib.Nifti1Image(voxels, np.diag([-1.0, -1.0, 2.5, 1.0])), path)
    return path


@pytest.fixture
def app(model: Path, qtbot: QtBot, image: Path) -> Iterator[App]:
    """A window in which something is open that has unsaved work."""
    made = App(model, qtbot)
    made.open(image)
    paint(made)
    yield made
    made.answers.unsaved_choice = UnsavedChoice.DISCARD
    made.context.close()


def paint(app: App, seed: int = 3) -> None:
    """Noise into the first label: it cannot be compressed away."""
    mask = np.random.default_rng(seed).random((8, 26, 28)) < 0.5
    app.context.document.do(lambda study: study.paint("Paint", [(_REGION, mask)], 1))


def told(app: App, qtbot: QtBot) -> str:
    """The one sentence that the user was told."""
    qtbot.waitUntil(lambda: bool(app.answers.errors) and app.context.jobs.is_idle, timeout=30000)
    assert len(app.answers.errors) == 1
    sentence = str(app.answers.errors.pop())
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert len(sentence) < 400
    return sentence


def cut(image: Path, path: Path) -> None:
    path.write_bytes(image.read_bytes()[:-200])


def cut_uncompressed(image: Path, path: Path) -> None:
    nib.save(nib.load(image), path)
    path.write_bytes(path.read_bytes()[:-1000])


def empty(_image: Path, path: Path) -> None:
    path.write_bytes(b"")


def text(_image: Path, path: Path) -> None:
    path.write_text("This is a shopping list: apples, pears, a head of cabbage.\n" * 40, encoding="utf-8")


def headless(_image: Path, path: Path) -> None:
    path.write_bytes(bytes(128) + b"DICM" + bytes(range(256)) * 4)


def absent(_image: Path, path: Path) -> None:
    assert not path.exists()


def folder_of_letters(_image: Path, path: Path) -> None:
    path.mkdir()
    for n in range(2_000):
        (path / f"letter {n}.txt").write_text("Dear Sir or Madam", encoding="utf-8")


def folder_of_nothing(_image: Path, path: Path) -> None:
    path.mkdir()


def broken_picture(_image: Path, path: Path) -> None:
    Image.new("RGB", (40, 30)).save(path)
    path.write_bytes(path.read_bytes()[:60])


def link_to_itself(_image: Path, path: Path) -> None:
    path.symlink_to(path)


_BROKEN: list[tuple[str, Callable[[Path, Path], None]]] = [
    ("cut.nii.gz", cut),
    ("cut.nii", cut_uncompressed),
    ("nothing.nii.gz", empty),
    ("nothing.nii", empty),
    ("nothing.dcm", empty),
    ("nothing.png", empty),
    ("nothing.nrrd", empty),
    ("nothing.npz", empty),
    ("nothing.mha", empty),
    ("nothing.swiftmed", empty),
    ("list.dcm", text),
    ("list.nii.gz", text),
    ("list.nrrd", text),
    ("list.swiftmed", text),
    ("list.txt", text),
    ("headless.dcm", headless),
    ("absent.nii.gz", absent),
    ("absent.swiftmed", absent),
    ("letters", folder_of_letters),
    ("nobody", folder_of_nothing),
    ("half.png", broken_picture),
    *([("circle.nii.gz", link_to_itself)] if sys.platform != "win32" else []),
]


def test_that_what_cannot_be_opened_is_refused_in_a_sentence(
    app: App, image: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    study, labels, title = app.context.document.study, app.labels.copy(), app.context.window.windowTitle()
    for name, make in _BROKEN:
        path = tmp_path / name
        make(image, path)
        app.context.files.open([path])
        assert name in told(app, qtbot)
        assert app.context.document.study is study, name
        np.testing.assert_array_equal(app.labels, labels, err_msg=name)
        assert app.context.window.windowTitle() == title, name
        assert not app.context.status.progress.isVisible(), name
        assert path not in app.context.settings.recent(), name


def test_that_an_image_that_vanishes_while_it_is_open_takes_no_work_with_it(
    app: App, image: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    labels = app.labels.copy()
    image.unlink()
    paint(app, seed=4)
    app.context.document.undo()
    np.testing.assert_array_equal(app.labels, labels)
    app.answers.target = tmp_path / "kept.swiftmed"
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: not app.context.document.is_modified, timeout=20000)
    app.answers.target = tmp_path / "kept.nii.gz"
    app.ask("file.export_labels")
    qtbot.waitUntil(app.answers.target.exists, timeout=20000)
    app.context.files.open([tmp_path / "kept.swiftmed"])
    assert image.name in told(app, qtbot)
    np.testing.assert_array_equal(app.labels, labels)


def test_that_a_project_finds_the_image_that_was_moved_with_it(
    app: App, image: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    labels = app.labels.copy()
    project = image.parent / "case.swiftmed"
    app.answers.target = project
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: not app.context.document.is_modified, timeout=20000)
    app.context.files.close()
    shutil.move(image.parent, tmp_path / "elsewhere")
    app.open(tmp_path / "elsewhere" / "case.swiftmed")
    np.testing.assert_array_equal(app.labels, labels)


def test_that_a_label_map_on_another_grid_is_refused(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    labels = app.labels.copy()
    other, moved = tmp_path / "other.nii.gz", tmp_path / "moved.nii.gz"
    nib.save(nib.Nifti1Image(np.ones((36, 32, 9), dtype=np.uint8), np.diag([-1.0, -1.0, 2.5, 1.0])), other)
    nib.save(nib.Nifti1Image(np.ones((36, 32, 10), dtype=np.uint8), np.diag([-1.0, 1.0, 2.5, 1.0])), moved)
    for path in (other, moved):
        app.context.importing.take(path)
        assert path.name in told(app, qtbot)
        app.context.docks.measure.compare(path)
        assert path.name in told(app, qtbot)
    np.testing.assert_array_equal(app.labels, labels)
    assert not app.context.docks.measure.has_reference


def test_that_names_of_all_languages_and_lengths_are_opened_and_saved(
    app: App, image: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    for name in ("Fall-Größe-äöü ß", "患者の画像", "مريض", "e\u0301t\u00e9 🫁", "x" * 200):
        open_and_save(app, image, tmp_path, qtbot, name)


def open_and_save(app: App, image: Path, tmp_path: Path, qtbot: QtBot, name: str) -> None:
    """Open an image of a name in a folder of that name, and save a project and a label map beside it."""
    folder = tmp_path / name / "and further down"
    folder.mkdir(parents=True)
    path = folder / f"{name}.nii.gz"
    shutil.copy(image, path)
    app.answers.unsaved_choice = UnsavedChoice.DISCARD
    app.context.files.open([path])
    qtbot.waitUntil(lambda: name in app.context.window.windowTitle(), timeout=20000)
    paint(app)
    labels = app.labels.copy()
    for action, ending in (("file.save_as", ".swiftmed"), ("file.export_labels", "_mask.nii.gz")):
        app.answers.target = folder / f"{name}{ending}"
        app.ask(action)
        qtbot.waitUntil(app.answers.target.exists, timeout=20000)
        qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=20000)
    assert app.answers.errors == []
    app.context.files.close()
    app.open(folder / f"{name}.swiftmed")
    np.testing.assert_array_equal(app.labels, labels)


# --------------------------------------------------------------------------------------------------------------- disks


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as if the disk were full."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@_POSIX
def test_that_a_full_disk_costs_neither_the_old_project_nor_the_work(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    project = tmp_path / "case.swiftmed"
    app.answers.target = project
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: not app.context.document.is_modified, timeout=20000)
    whole = project.read_bytes()
    paint(app, seed=5)
    labels = app.labels.copy()
    with full_disk(600):
        app.ask("file.save")
        sentence = told(app, qtbot)
        assert "case.swiftmed" in sentence
        app.context.document.undo()  # the journal cannot be written either: said once
        app.context.document.redo()
        assert len(app.answers.errors) == 1
        app.answers.errors.clear()
    assert project.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["case.swiftmed"]
    assert app.context.document.is_modified
    np.testing.assert_array_equal(app.labels, labels)
    app.ask("file.save")
    qtbot.waitUntil(lambda: not app.context.document.is_modified, timeout=20000)
    np.testing.assert_array_equal(open_project(project)[0].labels.voxels, labels)


@_POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_that_a_folder_that_may_not_be_written_is_named(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    app.answers.target = folder / "case.swiftmed"
    app.ask("file.save_as")
    assert "case.swiftmed" in told(app, qtbot)
    assert app.context.document.is_modified


def test_that_a_folder_in_the_place_of_the_file_is_named(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    for name, action in (("case.swiftmed", "file.save_as"), ("mask.nii.gz", "file.export_labels")):
        app.answers.target = tmp_path / name
        app.answers.target.mkdir()
        app.ask(action)
        assert name in told(app, qtbot)
    app.answers.target = tmp_path / "no.txt" / "case.swiftmed"
    (tmp_path / "no.txt").write_text("a file where a folder should be", encoding="utf-8")
    app.ask("file.save_as")
    assert "case.swiftmed" in told(app, qtbot)
    assert app.context.document.is_modified


# --------------------------------------------------------------------------------------------------------------- kills

_PAINTER = """
import sys
from pathlib import Path
import numpy as np
from PySide6.QtCore import QTimer
from app.engine.prompt import Box3D
from app.gui.application import make_application
from app.gui.context import Context
from app.gui.settings import Settings
from tests.gui.window_hand import Answers

application = make_application()
context = Context(Settings(), asks=Answers)
context.asks.target = Path(sys.argv[2])
random = np.random.default_rng(1)

def work():
    document = context.document
    if document.study is None:
        return
    mask = random.random((8, 26, 28)) < 0.01
    document.do(lambda study: study.paint("Paint", [(Box3D(2, 2, 1, 30, 28, 9), mask)], 1))
    print("act", len(document.study.history), flush=True)
    if sys.argv[3] == "save" and not context.jobs.is_running(3):
        context.saving.save()

context.saving.saved_project.connect(lambda path: print("saved", flush=True))
timer = QTimer()
timer.timeout.connect(work)
timer.start(0)
context.open([Path(sys.argv[1])])
application.exec()
"""


def kill_while(what: str, image: Path, project: Path, root: Path, lines: int) -> list[str]:
    """Let a window paint, and save if that is wanted, and kill it after so many lines; what it had said by then."""
    with subprocess.Popen(
        [sys.executable, "-c", _PAINTER, image, project, what], cwd=root, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline().strip() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        said += [line.strip() for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    return said


@_POSIX
@pytest.mark.slow
@pytest.mark.parametrize("lines", [7, 60])
def test_that_every_act_before_a_kill_is_recovered(
    app: App, image: Path, tmp_path: Path, project_root: Path, qtbot: QtBot, lines: int
) -> None:
    app.context.document.undo_stack.setClean()
    app.context.files.close()
    said = kill_while("paint", image, tmp_path / "none.swiftmed", project_root, lines)
    acts = [int(line.split()[1]) for line in said if line.startswith("act ")]
    app.answers.recover_choice = RecoverChoice.RECOVER
    app.context.open([])
    qtbot.waitUntil(lambda: app.context.document.study is not None, timeout=20000)
    random, expected = np.random.default_rng(1), np.zeros((10, 32, 36), dtype=np.uint16)
    study = app.context.document.study
    assert study is not None
    done = len(study.history)
    assert done in (acts[-1], acts[-1] + 1)  # an act may have been written that was not told of any more
    for _ in range(done):
        expected[1:9, 2:28, 2:30][random.random((8, 26, 28)) < 0.01] = 1
    np.testing.assert_array_equal(app.labels, expected)


@_POSIX
@pytest.mark.slow
@pytest.mark.parametrize("lines", [9, 31])
def test_that_a_project_is_whole_after_a_kill_while_it_is_saved(
    app: App, image: Path, tmp_path: Path, project_root: Path, lines: int
) -> None:
    project = tmp_path / "case.swiftmed"
    said = kill_while("save", image, project, project_root, lines)
    if "saved" in said:
        study, _view = open_project(project)
        assert study.history
    elif project.exists():
        open_project(project)


def test_that_a_box_can_be_drawn_after_a_refusal(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    app.context.files.open([tmp_path / "absent.nii"])
    told(app, qtbot)
    app.drag(app.view(), Box(6, 6, 26, 22))
    app.wait_for_mask()
