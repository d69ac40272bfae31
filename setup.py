"""What pyproject.toml cannot say: models/, resources/ and the change log travel inside the package, as app/bundled/."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

_BUNDLED = {"app.bundled.models": "models", "app.bundled.resources": "resources"}
_CHANGES = "CHANGELOG.md"


class BuildWithChanges(build_py):  # type: ignore[misc]  # setuptools has no types
    """What is new is shown from beside the resources; in a checkout it lies above them, where people look for it."""

    def run(self) -> None:
        """Build as always, then add the change log."""
        super().run()
        if not self.editable_mode:
            self.copy_file(_CHANGES, str(Path(self.build_lib, "app", "bundled", "resources", _CHANGES)))


setup(
    packages=[*find_packages(include=["app", "app.*", "convert", "convert.*"]), *_BUNDLED],
    package_dir=_BUNDLED,
    package_data={package: ["**/*"] for package in _BUNDLED},
    exclude_package_data={"app.bundled.models": ["**/*.safetensors"]},  # for training, not for the application
    cmdclass={"build_py": BuildWithChanges},
)
