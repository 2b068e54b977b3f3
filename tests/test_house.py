"""House rules that no other tool checks: layout, names, pins, commands with help and docs, nothing of one machine."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from campaigns.cli import commands

PACKAGES = ("acquire", "campaigns", "dashboards")
STAGES = ("ingest", "prefilter", "uplift", "value", "allocate", "monitor")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "processor", "misc"}
MOST_LINES = 300
# In pieces, so that this file does not find itself.
HOSTS = ("py" + "pi.org", "python" + "hosted", "deb." + "debian", "registry." + "npm", "npm" + "js.", "mirror" + "s.")
HOME_FOLDERS = re.compile(r"(?<![\w.~/<-])/(?:root|work|home|Users|opt|mnt)/\w")


def committed(project: Path) -> list[Path]:
    """Every file that is committed or would be with `git add .`."""
    if not shutil.which("git") or not (project / ".git").exists():
        pytest.skip("not a git clone")
    words = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(words, cwd=project, capture_output=True, check=True)
    return [path for name in listed.stdout.decode().split("\0") if name and (path := project / name).is_file()]


def sources(project: Path) -> list[Path]:
    return [path for package in PACKAGES for path in sorted((project / package).rglob("*.py"))]


@pytest.fixture(scope="module")
def declared(project: Path) -> list[Requirement]:
    described = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    return [Requirement(text) for text in (*described["dependencies"], *described["optional-dependencies"]["dev"])]


@pytest.fixture(scope="module")
def pin_lines(project: Path) -> list[str]:
    lines = (project / "constraints.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_the_tree_reads_in_the_order_the_data_flows(project: Path) -> None:
    assert all((project / package / "__init__.py").is_file() for package in PACKAGES)
    assert all((project / "acquire" / stage).is_dir() for stage in (*STAGES, "statistics"))
    assert all((project / "tests" / package).is_dir() for package in PACKAGES)
    assert all((project / name).is_file() for name in ("Makefile", ".ci/run", "LICENSE", "pyproject.toml"))


def test_modules_are_nouns_of_the_business(project: Path) -> None:
    assert [path for path in sources(project) if path.stem in EMPTY_NAMES] == []


def test_no_module_is_longer_than_a_newcomer_reads(project: Path) -> None:
    lengths = {str(path.relative_to(project)): len(path.read_text().splitlines()) for path in sources(project)}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_every_module_says_what_it_is_for(project: Path) -> None:
    written = [project / "acquire" / "__init__.py", *(path for path in sources(project) if path.stat().st_size)]
    assert [path for path in written if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_an_installed_copy_has_every_file_of_the_clone(project: Path) -> None:
    patterns = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    data = {path for package, globs in patterns.items() for glob in globs for path in (project / package).glob(glob)}
    files = [path for path in committed(project) if path.relative_to(project).parts[0] in PACKAGES]
    lost = [path for path in files if path.suffix != ".py" and path not in data]
    lost += [path for path in files if path.suffix == ".py" and not (path.parent / "__init__.py").is_file()]
    assert lost == []


def test_nothing_committed_names_a_folder_of_one_machine_or_a_host_of_packages(project: Path) -> None:
    found = []
    for path in committed(project):
        text = path.read_bytes().decode("utf-8", errors="replace")
        if "\0" not in text and (HOME_FOLDERS.search(text) or any(host in text for host in HOSTS)):
            found.append(str(path.relative_to(project)))
    assert found == []


def test_every_pin_is_one_exact_version_and_no_address(pin_lines: list[str]) -> None:
    assert [line for line in pin_lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*", line)] == []


def test_the_pins_cover_everything_that_is_declared(declared: list[Requirement], pin_lines: list[str]) -> None:
    pins = dict(line.split("==") for line in pin_lines)
    unmet = [str(need) for need in declared if not need.specifier.contains(pins.get(canonicalize_name(need.name), "0"))]
    assert unmet == []


def test_make_keeps_the_gpu_library_off_the_machine(project: Path) -> None:
    tool = tomllib.loads((project / "pyproject.toml").read_text())["tool"]
    [override] = tool["uv"]["override-dependencies"]
    assert Requirement(override).name == "nvidia-nccl-cu12"
    assert not Requirement(override).marker.evaluate()
    assert "uv pip install" in (project / "Makefile").read_text()


def every_command(group: click.Group, path: str = "acquire") -> Iterator[tuple[str, click.Command]]:
    """Each command and subcommand with the words that call it."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from every_command(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


ALL_COMMANDS = dict(every_command(commands))


@pytest.mark.parametrize("words", sorted(ALL_COMMANDS))
def test_every_command_and_option_has_help(words: str) -> None:
    command = ALL_COMMANDS[words]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert command.help
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("words", sorted(ALL_COMMANDS))
def test_every_command_has_its_place_in_the_docs(words: str, project: Path) -> None:
    assert re.search(rf"`{words}\b", (project / "docs" / "commands.md").read_text())
