"""Completion as its shells do it: the scripts are loaded by real ones and asked what may come next."""
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import unittest

from harness import need, wait_until
from images import bulkhead, run


class Bash:
    """What readline would be given: COMP_WORDS is how bash cuts the line, also at "=", into words."""

    def __init__(self, folder):
        self.script = folder / "completion.bash"
        self.script.write_text(bulkhead("completion", "bash").stdout, encoding="utf-8")

    def __call__(self, *words):
        cut = []
        for word in words:
            pieces = word.split("=")
            for i, piece in enumerate(pieces):
                if i:
                    cut.append("=")
                if piece or (i == 0):
                    cut.append(piece)
        ask = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _bulkhead; printf "%s\\n" "${COMPREPLY[@]}"'
        return {line for line in run("bash", "--norc", "-c", ask, "bash", self.script, *cut).stdout.splitlines() if line}


class Zsh:
    """A shell on a terminal, whose completion system tells what it is offered. The letters are typed. The script is sourced, or
    installed where compinit looks."""

    def __init__(self, folder, installed=False):
        self.folder = folder
        self.said = folder / "said"
        script = folder / ("_bulkhead" if installed else "completion.zsh")
        script.write_text(bulkhead("completion", "zsh").stdout, encoding="utf-8")
        (folder / ".zshrc").write_text(f"""
PROMPT=
{f"fpath=({folder} $fpath)" if installed else ""}
autoload -Uz compinit && compinit -u -d {folder}/dump
{"" if installed else f"source {script}"}
compadd() {{
  # Calls that only ask something of the builtin.
  if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits; builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits >> {self.said}
  builtin compadd "$@"
}}
finish() {{ print -r -- "$BUFFER" > {folder}/line; mv {folder}/line {folder}/finished; BUFFER= }}
zle -N finish && bindkey '^X' finish && bindkey '^I' complete-word
print > {folder}/ready
""", encoding="utf-8")
        master, slave = pty.openpty()
        self.shell = subprocess.Popen(["zsh", "-d", "-i"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                      env={**os.environ, "ZDOTDIR": str(folder), "TERM": "dumb", "HOME": str(folder)})
        os.close(slave)
        self.master = master
        self.wait_for("ready")

    def wait_for(self, name):
        os.set_blocking(self.master, False)
        shown = b""

        def there():
            nonlocal shown
            try:
                shown += os.read(self.master, 65536)
            except (BlockingIOError, OSError):
                pass
            return (self.folder / name).exists()

        wait_until(there, f"zsh ({name}); it shows {shown[-500:]!r}")
        text = (self.folder / name).read_text(encoding="utf-8")
        (self.folder / name).unlink()
        return text.rstrip("\n")

    def __call__(self, *words):
        self.said.write_text("", encoding="utf-8")
        os.write(self.master, " ".join(words).encode() + b"\t\x18")
        self.line = self.wait_for("finished")
        return {word.strip() for word in self.said.read_text(encoding="utf-8").splitlines()}

    def close(self):
        os.close(self.master)
        self.shell.kill()
        self.shell.wait()


class Fish:
    def __init__(self, folder):
        self.folder = folder
        (folder / "completion.fish").write_text(bulkhead("completion", "fish").stdout, encoding="utf-8")

    def __call__(self, *words):
        done = run("fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', self.folder / "completion.fish", " ".join(words),
                   env={**os.environ, "HOME": str(self.folder)})
        return {line.split("\t")[0] for line in done.stdout.splitlines()}


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-completion-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for name in ("bash", "zsh", "fish"):
            (cls.folder / name).mkdir()
        (cls.folder / "images").mkdir()
        (cls.folder / "images/app.tar").touch()
        zsh = Zsh(cls.folder / "zsh")
        cls.addClassCleanup(zsh.close)
        cls.shells = {"bash": Bash(cls.folder / "bash"), "zsh": zsh, "fish": Fish(cls.folder / "fish")}

    def offers(self, words, wanted, only=True):
        """Every shell offers what is wanted, and nothing else when `only`."""
        for name, shell in self.shells.items():
            with self.subTest(name, words=words):
                offered = shell(*words)
                if only:
                    self.assertEqual(offered, set(wanted))
                else:
                    self.assertLessEqual(set(wanted), offered)

    def test_commands(self):
        self.offers(["bulkhead", ""], ["scan", "sbom", "audit", "db", "version-compare", "completion", "man"], only=False)
        self.offers(["bulkhead", "d"], ["db"])
        self.offers(["bulkhead", "db", ""], ["update", "info", "build", "export", "import"], only=False)
        self.offers(["bulkhead", "db", "im"], ["import"])
        self.offers(["bulkhead", "trust", "ke"], ["keys"])
        self.offers(["bulkhead", "trust", "keys", ""], ["generate", "list", "import"], only=False)
        self.offers(["bulkhead", "trust", "keys", "exp"], ["export"])

    def test_zsh_finds_an_installed_script(self):
        folder = self.folder / "installed"
        folder.mkdir()
        zsh = Zsh(folder, installed=True)
        self.addCleanup(zsh.close)
        for _ in range(2):  # the first use loads it
            self.assertEqual(zsh("bulkhead", "db", "im"), {"import"})
        self.assertEqual(zsh("bulkhead", "scan", "--fail-"), {"--fail-on"})

    def test_options_of_the_command(self):
        self.offers(["bulkhead", "scan", "--fail-"], ["--fail-on"])
        self.offers(["bulkhead", "db", "update", "--feed"], ["--feed-mirror", "--feeds-dir"])
        self.offers(["bulkhead", "trust", "keys", "export", "store:1", "--fo"], ["--form"])
        self.offers(["bulkhead", "trust", "keys", "remove", "--"], ["--yes", "--help"])
        self.offers(["bulkhead", "trust", "--fo"], [])
        self.offers(["bulkhead", "sbom", "--fail-"], [])
        self.offers(["bulkhead", "--ver"], ["--version"])
        # The value of an option is no command.
        self.offers(["bulkhead", "scan", "--cache-dir", "db", "--fail-"], ["--fail-on"])

    def test_values(self):
        self.offers(["bulkhead", "scan", "--format", "js"], ["json"])
        self.offers(["bulkhead", "scan", "-f", "cy"], ["cyclonedx"])
        self.offers(["bulkhead", "scan", "--fail-on", ""], ["critical", "high", "medium", "low", "negligible", "unknown"])
        self.offers(["bulkhead", "version-compare", "--scheme", "pe"], ["pep440"])
        self.offers(["bulkhead", "trust", "keys", "export", "--form", "co"], ["cosign"])
        self.offers(["bulkhead", "completion", ""], ["bash", "zsh", "fish"], only=False)

    def test_lists_go_on_after_a_comma(self):
        self.assertEqual(self.shells["bash"]("bulkhead", "scan", "--severity", "critical,h"), {"critical,high"})
        self.assertEqual(self.shells["fish"]("bulkhead", "scan", "--severity", "critical,h"), {"critical,high"})
        self.shells["zsh"]("bulkhead", "scan", "--severity", "critical,h")
        # zsh puts a comma behind it, which it takes back when a space follows.
        self.assertEqual(self.shells["zsh"].line.strip(), "bulkhead scan --severity critical,high,")

    def test_values_behind_an_equals_sign(self):
        self.assertEqual(self.shells["bash"]("bulkhead", "scan", "--format=js"), {"json"})
        self.assertEqual(self.shells["fish"]("bulkhead", "scan", "--format=js"), {"--format=json"})
        self.shells["zsh"]("bulkhead", "scan", "--format=js")
        self.assertEqual(self.shells["zsh"].line.strip(), "bulkhead scan --format=json")

    def test_files(self):
        images = f"{self.folder}/images/a"
        for words in (["bulkhead", "scan"], ["bulkhead", "scan", "--template"], ["bulkhead", "db", "import"]):
            for name in ("bash", "fish"):
                with self.subTest(name, words=words):
                    self.assertEqual(self.shells[name](*words, images), {f"{self.folder}/images/app.tar"})
            with self.subTest("zsh", words=words):
                self.shells["zsh"](*words, images)
                self.assertEqual(self.shells["zsh"].line.strip().split()[-1], f"{self.folder}/images/app.tar")
        self.assertEqual(self.shells["bash"]("bulkhead", "scan", "-o", f"json={images}"), {f"{self.folder}/images/app.tar"})
        self.assertEqual(self.shells["bash"]("bulkhead", "scan", "--cache-dir", f"{self.folder}/im"), {f"{self.folder}/images"})


if __name__ == "__main__":
    need("bash", "zsh", "fish")
    unittest.main()
