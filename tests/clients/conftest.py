"""What clients of both directions need: Node's packages."""

import shutil
import subprocess

import pytest


@pytest.fixture
def node_package(request, lacking):
    """node_package(name): a folder in which npm has installed it, without running anybody's install scripts."""

    def node_package(name):
        if missing := [tool for tool in ("node", "npm") if not shutil.which(tool)]:
            lacking(f"{' and '.join(missing)} not installed (apt-get install nodejs npm)")
        folder = request.config.cache.mkdir(f"node-{name}")
        installed = subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, name],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        if installed.returncode:
            lacking(f"npm cannot install {name}: {installed.stderr.strip()[-300:]}")
        return folder

    return node_package
