import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway import __version__
from gateway.cli import main
from gateway.errors import ConfigError, Fault, LedgerError

REPOSITORY = Path(__file__).parent.parent.parent


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_the_version_is_told_without_loading_a_verb():
    loaded = "import sys; from gateway.cli.main import command\n"
    code = (
        loaded
        + "command(['--version'], standalone_mode=False)\n"
        + (
            "print(sorted(m for m in sys.modules if m.startswith('gateway') or m in"
            " ('sqlite3', 'asyncio', 'jinja2', 'tabulate', 'rapidfuzz', 'idna')))"
        )
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    version, modules = result.stdout.splitlines()
    assert version == f"monition {__version__}"
    assert modules == str(["gateway", "gateway.cli", "gateway.cli.main", "gateway.errors"])


def test_the_overview_names_the_verbs_that_are_there_and_no_other():
    result = CliRunner().invoke(main.command, ["--help"])
    shown = result.stdout.partition("Verbs:\n")[2]
    offered = [
        line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line[2] != " "
    ]
    there = [
        name
        for name, verb in main.VERBS.items()
        if any(
            (REPOSITORY / "gateway/cli" / file).is_file()
            for file in (f"{verb.module}.py", f"{verb.module}/__init__.py")
        )
    ]
    assert offered == there
    assert "config" in there


def test_the_tree_is_the_contracts():
    assert list(main.VERBS) == [
        "demo",
        "serve",
        "check",
        "config",
        "policy",
        "lists",
        "audit",
        "ledger",
        "notice",
        "console",
        "completion",
    ]


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    return [
        leaf
        for name in command.list_commands(context)
        for leaf in leaves(command.get_command(context, name), (*path, name))
    ]


@pytest.mark.parametrize("path", leaves(main.command), ids=" ".join)
def test_every_verb_has_help_with_an_example(path: tuple[str, ...]):
    result = CliRunner().invoke(main.command, [*path, "--help"], prog_name="monition")
    assert result.exit_code == 0
    _, example, lines = result.stdout.partition("Example")
    assert example, result.stdout
    assert f"monition {path[0]}" in lines


def test_an_unknown_verb_names_the_nearest():
    result = CliRunner().invoke(main.command, ["confg"])
    assert result.exit_code == 2
    assert "There is no verb 'confg'; did you mean config?" in result.stderr
    result = CliRunner().invoke(main.command, ["zzz"])
    assert "There is no verb 'zzz'; there are " in result.stderr


def test_an_unknown_option_is_wrong_usage():
    assert CliRunner().invoke(main.command, ["--zzz"]).exit_code == 2
    assert CliRunner().invoke(main.command, ["config", "check", "--zzz"]).exit_code == 2


def test_a_verb_whose_module_is_not_there_is_not_offered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(main.VERBS, "absent", main.Verb("no_such_module", "Not there."))
    assert CliRunner().invoke(main.command, ["absent"]).exit_code == 2
    assert "absent" not in CliRunner().invoke(main.command, ["--help"]).stdout


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch):
    """Run the tree with a verb that ends in the way given."""

    def invoke(ending: BaseException) -> tuple[int, str, str]:
        @click.command()
        def verb() -> None:
            click.echo("some data")
            raise ending

        monkeypatch.setattr("gateway.cli.config.command", verb)
        result = CliRunner().invoke(main.command, ["config"])
        return result.exit_code, result.stdout, result.stderr

    return invoke


def test_faults_are_told_line_by_line(invoke):
    faults = [Fault("a.toml", 1, "x", "is wrong"), Fault("b.toml", None, None, "is missing")]
    told = "a.toml:1: x: is wrong\nb.toml: is missing\n"
    assert invoke(ConfigError(faults)) == (2, "some data\n", told)


def test_our_own_errors_are_told_without_a_traceback(invoke):
    assert invoke(LedgerError("no room")) == (2, "some data\n", "monition: no room\n")


def test_an_error_may_bring_its_exit_code(invoke):
    error = LedgerError("broken chain")
    error.exit_code = 1  # type: ignore[attr-defined]
    assert invoke(error)[0] == 1


def test_an_interrupt_ends_with_130(invoke):
    assert invoke(KeyboardInterrupt()) == (130, "some data\n", "\n")


def test_a_bug_is_not_hushed(invoke):
    assert invoke(ZeroDivisionError())[0] == 1


def test_a_pipe_that_broke_elsewhere_is_no_reader_who_left():
    code = (
        "import click, sys\n"
        "from gateway.cli import config, main\n"
        "@click.command()\n"
        "def verb(): raise BrokenPipeError('a socket of the next hop')\n"
        "config.command = verb\n"
        "sys.argv = ['monition', 'config']\n"
        "main.main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.endswith(b"BrokenPipeError: a socket of the next hop\n")


def test_an_interrupt_from_the_keyboard_ends_with_130():
    code = (
        "import os, signal, sys\n"
        # A shell's job in the background is started deaf to it, and so is what it starts.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from gateway.cli import main\n"
        "import click\n"
        "main.Tree.list_commands = lambda self, ctx: os.kill(os.getpid(), signal.SIGINT) or []\n"
        "sys.argv = ['monition', 'config']\n"
        "main.main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert result.returncode == 130
    assert result.stderr == b"\n"


@pytest.mark.parametrize(
    ("verb", "file", "output_format"),
    [
        ("show", "config/monition.toml", "toml"),
        # Held back by Python until the end.
        ("show", "config/monition.toml", "json"),
        # Ends with an exit code of its own, after what it found.
        ("check", "tests/bad_config/bad-domains/monition.toml", "csv"),
    ],
)
def test_a_reader_who_left_is_no_error(verb: str, file: str, output_format: str):
    out, into = os.pipe()
    os.close(out)
    process = subprocess.run(
        [sys.executable, "-m", "gateway", "config", verb, "-c", file, "--format", output_format],
        cwd=REPOSITORY,
        stdout=into,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(into)
    assert process.returncode == 141
    assert b"Traceback" not in process.stderr
    assert b"Broken" not in process.stderr


def test_the_program_names_itself():
    result = run("config", "check", "--zzz")
    assert result.stderr.startswith("Usage: monition config check")
    assert run().returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str):
    result = CliRunner().invoke(main.command, ["completion", shell])
    assert result.exit_code == 0
    assert "_MONITION_COMPLETE" in result.stdout


def test_completion_knows_verbs_and_options():
    environment = os.environ | {
        "_MONITION_COMPLETE": "bash_complete",
        "COMP_WORDS": "monition c",
        "COMP_CWORD": "1",
    }
    verbs = run(env=environment).stdout.split()
    assert "plain,config" in verbs
    assert "plain,completion" in verbs
    assert "plain,audit" not in verbs


def test_what_may_not_be_read_is_said_and_no_traceback(monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "/var/lib/monition/lists/current.json")

    monkeypatch.setattr("gateway.list_store.snapshots.snapshot_in_force.snapshot_in_force", refused)
    result = CliRunner().invoke(main.command, ["check", "a@mipt.ru"])
    assert result.exit_code == 2
    assert "/var/lib/monition/lists/current.json cannot be read or written" in result.stderr
    assert "gateway's user" in result.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["completion", "bash"]])
def test_output_that_does_not_fit_is_told_without_a_traceback(arguments: list[str]):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
            cwd=Path(__file__).parents[2],
        )
    assert done.returncode == 1
    assert done.stderr.startswith("monition: the output could not be written (No space left")
    assert done.stderr.count("\n") == 1


def test_an_argument_that_is_no_text_is_told_without_a_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "check", b"\xff@example.edu"],
        capture_output=True,
        check=False,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("monition: an argument is no UTF-8 text")
