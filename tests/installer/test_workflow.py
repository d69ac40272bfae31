"""The workflow of the public forge, as far as it can be judged without one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from installer.macos.bundle import OLDEST_MACOS

Steps = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def text(project_root: Path) -> str:
    return (project_root / ".github" / "workflows" / "packages.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def jobs(text: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["jobs"]
    return found


@pytest.fixture(scope="module")
def steps(jobs: dict[str, dict[str, Any]]) -> Steps:
    return [(name, step) for name, job in jobs.items() for step in job["steps"]]


def test_that_jobs_wait_for_jobs_that_exist_and_none_runs_for_hours(jobs: dict[str, dict[str, Any]]) -> None:
    for name, job in jobs.items():
        assert job.get("needs", name) in jobs
        assert job["timeout-minutes"] <= 60, name


def test_that_every_system_is_built_and_installed_on(jobs: dict[str, dict[str, Any]]) -> None:
    for name in ("freeze", "install"):
        matrix = jobs[name]["strategy"]["matrix"]["include"]
        assert {entry["system"] for entry in matrix} == {"linux", "windows", "macos"}
    built = {entry["machine"] for entry in jobs["freeze"]["strategy"]["matrix"]["include"]}
    installed = {entry["machine"] for entry in jobs["install"]["strategy"]["matrix"]["include"]}
    assert installed - built, "nothing is installed on a machine of another version than those that build"


def test_that_every_condition_and_name_of_a_matrix_is_one_of_its_own(jobs: dict[str, dict[str, Any]]) -> None:
    for name, job in jobs.items():
        entries = job.get("strategy", {}).get("matrix", {}).get("include", [])
        keys = {key for entry in entries for key in entry}
        assert set(re.findall(r"matrix\.(\w+)", str(job))) <= keys, name
        for step in job["steps"]:
            for system in re.findall(r"matrix\.system == '(\w+)'", str(step)):
                assert system in {entry["system"] for entry in entries}, name


def test_that_what_others_wrote_is_pinned_to_a_commit_with_its_version_beside_it(text: str) -> None:
    used = re.findall(r"uses: *(.*)", text)
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert len(set(used)) == len({line.partition("@")[0] for line in used}), "one action in two versions"


def test_that_macos_is_built_and_tried_where_the_bundle_promises_to_run(jobs: dict[str, dict[str, Any]]) -> None:
    entries = [*jobs["freeze"]["strategy"]["matrix"]["include"], *jobs["install"]["strategy"]["matrix"]["include"]]
    tried = {entry["machine"].partition("-")[2] for entry in entries if entry["system"] == "macos"}
    assert OLDEST_MACOS.partition(".")[0] in tried


def test_that_nothing_but_the_draft_of_a_release_may_write(text: str, jobs: dict[str, dict[str, Any]]) -> None:
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    assert [name for name, job in jobs.items() if "permissions" in job] == ["release"]
    assert jobs["release"]["if"] == "startsWith(github.ref, 'refs/tags/v')"
    assert "pull_request_target" not in text
    assert "--draft" in str(jobs["release"])


def test_that_secrets_and_what_others_may_choose_reach_scripts_by_the_environment_alone(steps: Steps) -> None:
    for name, step in steps:
        script = step.get("run", "")
        assert "secrets." not in script, name
        assert "github.event" not in script, name
        assert "github.head_ref" not in script, name


def test_that_builds_without_secrets_go_on(steps: Steps) -> None:
    for _, step in steps:
        secrets = [key for key, value in step.get("env", {}).items() if "secrets." in str(value)]
        if "CERTIFICATE" in secrets:
            assert re.search(r'if \[ -[nz] "\$CERTIFICATE" \]', step["run"])


def test_that_scripts_parse_and_name_files_that_exist(steps: Steps, project_root: Path) -> None:
    shell = shutil.which("bash")
    for name, step in steps:
        script = re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", ""))
        for file in re.findall(r"\binstaller/[\w/]+\.(?:py|sh)", script):
            assert (project_root / file).is_file(), file
        if shell and step.get("shell") != "pwsh":
            done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
            assert done.returncode == 0, (name, done.stderr)


def test_that_what_one_job_takes_another_has_given(steps: Steps) -> None:
    given = {str(step["with"]["name"]) for _, step in steps if "upload-artifact" in step.get("uses", "")}
    given = {name for text in given for name in re.findall(r"[\w-]*(?:frozen|package)-[\w{}]+", text)}
    taken = {
        str(step["with"]["name"]) for _, step in steps if step.get("with", {}).get("path") in ("frozen", "package")
    }
    assert given == {"frozen-windows", "package-{0}", "package-windows"}
    assert taken - {"frozen-windows"} <= {name for name in taken if name.startswith("package-")}
    assert all(step["with"]["if-no-files-found"] == "error" for _, step in steps if "upload" in step.get("uses", ""))
