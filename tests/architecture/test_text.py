"""Nothing in the repository names a registry's host or a path of somebody's machine."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.imports import ROOT

HOSTS = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|repo1?\.maven|maven\.apache\.org/(?!POM|xsd)"
    r"|proxy\.golang|crates\.io|index-url|registry-1\.docker|ghcr\.io|gcr\.io|quay\.io"
)
PATHS = re.compile(r"(?<![\w.])/(work|root|home|Users)/|\.pyenv")
KEPT = {".ci", ".gitignore", ".dockerignore", ".helmignore", ".hadolint.yaml"}
GENERATED = {"__pycache__", "build", "dist", "results"}


def committed() -> Iterator[Path]:
    """Every file of the tree but hidden and generated ones."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if _kept(name)]
        yield from (Path(folder) / name for name in files if _kept(name))


def _kept(name: str) -> bool:
    return name in KEPT or not (
        name.startswith(".") or name in GENERATED or name.endswith(".egg-info")
    )


TEXTS = [path for path in committed() if path != Path(__file__)]


def test_the_files_were_found() -> None:
    assert {"README.md", "requirements.lock", "run"} <= {path.name for path in TEXTS}


def test_no_host_and_no_path_of_a_machine() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in TEXTS
        for pattern in (HOSTS, PATHS)
        for match in pattern.finditer(path.read_bytes().decode("utf-8", "replace"))
    }
    assert not found


def test_links_of_the_documents_lead_somewhere() -> None:
    broken = {
        f"{path.relative_to(ROOT)}: {target}"
        for path in TEXTS
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    }
    assert not broken
