"""The command line itself: help, the manual, and what is said of wrong arguments before anything is opened."""
import os
import pathlib
import re
import shutil
import tempfile
import unittest

from harness import need
from images import bulkhead, run

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
COMMANDS = ([], ["scan"], ["sbom"], ["db"], ["db", "update"], ["db", "info"], ["db", "build"], ["db", "export"], ["db", "import"],
            ["version-compare"], ["completion"], ["man"])


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-command-line-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_version_compare(self):
        self.assertEqual(bulkhead("version-compare", "--scheme", "deb", "1.0~rc1", "1.0").stdout, "<\n")
        self.assertEqual(bulkhead("version-compare", "--scheme", "rpm", stdin="1.0^\t1.0\n1:1\t2\nx\n").stdout.splitlines()[:2], [">", ">"])
        self.assertEqual(bulkhead("version-compare", "--scheme", "nosuch", "1", "2", ok=False).returncode, 1)

    def test_help_names_the_whole_command(self):
        for words in COMMANDS:
            with self.subTest(words):
                help_text = bulkhead(*words, "--help").stdout
                self.assertIn("--help", help_text)
                self.assertRegex(help_text, "^Usage: " + " ".join(["bulkhead", *words]) + " ")
        self.assertRegex(bulkhead("--version").stdout, r"^bulkhead \d+\.\d+\.\d+\n$")

    def test_the_manual_is_one(self):
        page = self.folder / "bulkhead.1"
        page.write_text(bulkhead("man").stdout, encoding="ascii")
        linted = run("mandoc", "-Tlint", "-Wstyle", page, ok=False)
        self.assertEqual((linted.returncode, linted.stdout), (0, ""))
        environment = dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="100", MANROFFSEQ="")
        shown = run("man", "-l", "--warnings", page, env=environment)
        self.assertEqual(shown.stderr, "")
        text = re.sub(".\b", "", shown.stdout)
        for words in COMMANDS:
            self.assertIn(" ".join(["bulkhead", *words]), text)
        for expected in ("--fail-on SEVERITY", "EXIT STATUS", "130", "SEE ALSO"):
            self.assertIn(expected, text)

    def test_the_manual_names_every_variable_that_is_read(self):
        read = set()
        for path in (SOURCE / "src").rglob("*.cc"):
            if not path.name.endswith("_test.cc") and "/base/" not in str(path):
                text = path.read_text(encoding="utf-8")
                read |= set(re.findall(r'(?:environment(?:\(|, )|process_environment\(\), |variable\()"([A-Z][A-Z_]+)"', text))
        self.assertLessEqual({"DOCKER_HOST", "XDG_CACHE_HOME", "NO_COLOR", "SOURCE_DATE_EPOCH"}, read)
        read.discard("REQUEST_METHOD")  # tells that a web server started us; nobody sets it for our sake
        page = bulkhead("man").stdout
        section = page[page.index(".SH ENVIRONMENT"):page.index(".SH FILES")]
        self.assertEqual({name for name in read if not re.search(rf"\b{name}\b", section)}, set())


if __name__ == "__main__":
    need("mandoc", "man")
    unittest.main()
