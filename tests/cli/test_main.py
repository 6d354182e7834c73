"""The command as a whole: help, version, exit codes, and no traceback where a person erred."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from perceiver_zoo import __version__
from perceiver_zoo.cli import attend, classify, main

COMMANDS = ("list", "download", "classify", "attend", "train", "evaluate")


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"    {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: perceiver-zoo {name} ")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"perceiver-zoo {__version__}\n"


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from perceiver_zoo.cli import main; main(['--help']); "
        "print(sorted({'torch', 'numpy', 'PIL', 'av', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "required: COMMAND"),
        (["guess"], "invalid choice: 'guess'"),
        (["classify"], "required: FILE"),
        (["classify", "x.png", "--top", "0"], "'0' is not a whole number from 1 up"),
        (["attend", "x.png"], "required: -o"),
        (["attend", "x.png", "-o", "y.png", "--look", "0"], "'0' is not a whole number from 1 up"),
        (["attend", "x.png", "-o", "y.png", "--head", "one"], "'one' is not a whole number from 1 up"),
        (["list", "--modality", "smell"], "invalid choice: 'smell'"),
        (["train", "x", "--seed", "-1"], "--seed"),
        (["train", "x", "--seed", "1.5"], "'1.5' is not a whole number from 0"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(words, complaint, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert complaint in said.err
    assert said.out == ""


def test_the_lenses_offered_are_those_there_are():
    from perceiver_zoo.lenses import LENSES, SCALES

    assert set(attend.LENSES) == set(LENSES)
    assert set(attend.SCALES) == set(SCALES)


def test_a_closed_pipe_is_quiet(tmp_path):
    words = [
        sys.executable,
        "-m",
        "perceiver_zoo",
        "classify",
        "--json",
        # More lines than a pipe holds, so that the command cannot be done before the reader has gone.
        *(str(tmp_path / f"{i}") for i in range(2000)),
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith('{"file"')
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


def test_interrupted_exits_with_130(monkeypatch, capsys):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(classify, "run", interrupted)
    assert main(["classify", "x.png"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_while_files_are_read(tmp_path):
    words = [sys.executable, "-m", "perceiver_zoo", "classify", *["/dev/null/none"] * 60_000]
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A job in a shell's background ignores the signal, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "Traceback" not in rest
