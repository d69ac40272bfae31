"""What pyproject.toml cannot say: models/ and resources/ travel inside the package, as app/bundled/."""

from setuptools import find_packages, setup

_BUNDLED = {"app.bundled.models": "models", "app.bundled.resources": "resources"}

setup(
    packages=[*find_packages(include=["app", "app.*", "convert", "convert.*"]), *_BUNDLED],
    package_dir=_BUNDLED,
    package_data={package: ["**/*"] for package in _BUNDLED},
    exclude_package_data={"app.bundled.models": ["**/*.safetensors"]},  # for training, not for the application
)
