"""What is said to wrong use: one sentence, exit code 2, nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import __version__
from app.cli import main
from tests.e2e.conftest import write_nifti


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "cell.png"
    path.parent.mkdir()
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("segment {in}/cell.png -o {out}", "nothing says what to outline"),
        ("segment {in}/cell.png -o {out} --box 5,5,2,2", "is empty"),
        ("segment {in}/cell.png -o {out} --box 1,1,5,5 --slice -1", "--slice counts from 0"),
        ("segment {in}/cell.png -o {out} --box 1,1,5,5 --box3d 1,1,1,5,5,5", "exclude each other"),
        ("segment {in}/cell.png -o {out} --box3d 1,1,1,5,5,5 --slice 3", "belong to a 2-D box"),
        ("segment {in}/cell.png -o {out} --box3d 1,1,1,5,5,5 --point 1,1,1,1", "points go with a box in one slice"),
        ("segment {in}/cell.png -o {out} --box 1,1,5,5 --box 2,2,6,6 --point 1,1,0,0", "one object"),
        ("segment {in}/cell.png -o {out} --point 1,1,0,2", "must be 1 (inside the object) or 0"),
        ("segment {in}/cell.png -o {out} --box 1,1,5,5 --prompts x.json", "--prompts excludes"),
        ("segment {in}/cell.png -o {out} --box 1,1,5,5 --format dicom", "'dicom' is no format"),
        ("segment {in}/cell.png -o {out} --box 1,1,5,5 --format jpeg", "'jpeg' is no format"),
        ("segment {in}/cell.png -o {out}.dcm --box 1,1,5,5", "add --format dicom-seg or rtstruct"),
        ("segment {in}/cell.png -o {out}.jpg --box 1,1,5,5", "a mask is written as one of"),
        ("segment {in}/cell.png -o {out}.nrrd --format png --box 1,1,5,5", "contradict each other"),
        ("batch -i {in}/cell.png -o {out}", "is no folder"),
        ("batch -i {in} -o {in}", "must be different folders"),
        ("batch -i {in} -o {in}/cell.png", "is a file, not a folder"),
        ("batch -i {in} -o {out} --boxes-from {out}", "is no folder of reference label maps"),
        ("batch -i {in} -o {out} --format step", "'step' is no format"),
        ("batch -i {in} -o {out}", "give --prompts, --boxes-from or --structures-from"),
        ("info {in}/cell.png --series 7", "there is no series '7'"),
    ],
)
def test_that_wrong_use_is_told_in_one_sentence(
    tmp_path: Path, picture: Path, capsys: pytest.CaptureFixture[str], arguments: str, words: str
) -> None:
    folders = {"in": str(picture.parent), "out": str(tmp_path / "out")}

    code = main([part.format(**folders) for part in arguments.split(" ")])

    said = capsys.readouterr()
    assert code == 2
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert list(tmp_path.iterdir()) == [picture.parent]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("segment x.png -o y --box 1,2,3", "'1,2,3' is not 4 numbers"),
        ("segment x.png -o y --box3d 1,2,3,4,5,nan", "is not 6 numbers"),
        ("segment x.png -o y --threads 0", "'0' is not a whole number from 1"),
        ("segment x.png -o y --plane oblique", "invalid choice"),
        ("segment x.png", "required: -o"),
        ("batch -i a -o b --existing merge", "invalid choice"),
        ("batch -i a -o b --prompts p --boxes-from q", "not allowed with"),
        ("paint", "invalid choice"),
    ],
)
def test_that_arguments_that_cannot_be_understood_are_refused(
    capsys: pytest.CaptureFixture[str], arguments: str, words: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments.split(" "))

    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_that_a_subcommand_is_called_by_its_name_alone_where_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["info"])
    said = capsys.readouterr().err
    assert re.match(r"usage: (swiftmedsam|python -m app) info \[", said)
    assert re.search(r"^(swiftmedsam|python -m app) info: error: ", said.splitlines()[-1])


def test_that_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"swiftmedsam {__version__}\n"


def test_that_the_command_line_without_a_subcommand_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_that_the_help_says_how_the_window_is_given_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "[--model NAME] [FILE ...]" in said
    assert "--model before them takes an installed package or the path of one" in said


@pytest.mark.parametrize("command", ["segment", "batch", "selftest", "bench"])
def test_that_every_command_that_computes_takes_a_model(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "--model NAME" in capsys.readouterr().out


def test_that_an_image_that_cannot_be_read_is_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["segment", str(tmp_path / "nowhere.nii"), "-o", str(tmp_path), "--box", "1,1,2,2"])

    assert code == 1
    assert "there is no such file or folder" in capsys.readouterr().err


def test_that_a_format_that_cannot_hold_a_volume_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_nifti(tmp_path / "ct.nii", np.zeros((4, 8, 8), dtype=np.int16), np.eye(4))
    arguments = ["segment", str(source), "-o", str(tmp_path / "m.png"), "--box", "1,1,5,5", "--slice", "2"]

    assert main([*arguments, "--model", "no-such-model"]) == 1
    assert "a PNG holds one slice and the image has 4" in capsys.readouterr().err


def test_that_debug_lets_errors_through(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no such file"):
        main(["info", str(tmp_path / "nowhere.nii"), "--debug"])


def test_that_an_unexpected_error_is_one_sentence_with_a_hint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("app.cli.models.list_packages", fail)

    assert main(["models"]) == 1
    said = capsys.readouterr().err
    assert said == "Unexpected RuntimeError: first line (run again with --debug to see where)\n"
    with pytest.raises(RuntimeError):
        main(["models", "--debug"])


def test_that_a_box_that_begins_left_of_the_image_is_no_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["segment", str(tmp_path / "none.nii.gz"), "-o", str(tmp_path / "m.nii.gz"), "--box", "-5,0,9,9"]
    assert main(arguments) == 1
    assert "none.nii.gz" in capsys.readouterr().err
