"""The tables of DICOM's standard that highdicom reads when it writes a file."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("highdicom")
