"""The command line itself: help, the manual, the pages that name its options, --offline, signals, and what commands say."""
import array
import contextlib
import fcntl
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import threading
import time
import unittest

import images
from harness import need, wait_until
from images import bulkhead, run

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def all_commands():
    """The words of each command and group, as the program lists them."""
    listed = re.findall(r"^  ([a-z][a-z -]*?)(?:  |$)", bulkhead("--help").stdout.partition("Commands:")[2].partition("Options:")[0], re.M)
    words = [name.split() for name in listed]
    groups = {tuple(name[:count]) for name in words for count in range(len(name))}
    return [*map(list, sorted(groups)), *words]


COMMANDS = all_commands()


OPTION = r"(?<![\w-])--[a-z][a-z_-]*[a-z]"
# Options that pages name of other programs.
OTHER_PROGRAMS = {"--test-dir": "ctest", "--totals": "./dev fuzz", "--jobs": "./dev fuzz", "--runs": "./dev bench", "--write": "./dev bench",
                  "--gtest_filter": "layer_test", "--cpus": "a container's", "--user": "systemctl", "--inplace": "rsync", "--unix-socket": "curl", "--predicate": "cosign attest", "--signature-format": "notation sign", "--user-metadata": "notation sign", "--tlog-upload": "cosign", "--new-bundle-format": "cosign", "--use-signing-config": "cosign",
                  # What our own reports advise.
                  "--privileged": "Make the container anew", "--volume": "Make the container anew"}


def options_of(words):
    return set(re.findall(OPTION, bulkhead(*words, "--help").stdout))


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
                read |= set(re.findall(r'(?:environment(?:\(|, )|process_environment\(\), |variable\(|absolute\(|variable = )"([A-Z][A-Z0-9_]+)"', text))
        self.assertLessEqual({"DOCKER_HOST", "XDG_CACHE_HOME", "NO_COLOR", "SOURCE_DATE_EPOCH"}, read)
        read.discard("REQUEST_METHOD")  # tells that a web server started us; nobody sets it for our sake
        page = bulkhead("man").stdout
        section = page[page.index(".SH ENVIRONMENT"):page.index(".SH FILES")]
        self.assertEqual({name for name in read if not re.search(rf"\b{name}\b", section)}, set())

    def test_pages_name_options_that_there_are(self):
        by_command = {" ".join(words): options_of(words) for words in COMMANDS}
        known = set().union(*by_command.values())
        self.assertIn("--fail-on", known)
        pages = [*(SOURCE / "docs").rglob("*.md"), *SOURCE.glob("*.md"), *(SOURCE / "src").rglob("*.md"), *(SOURCE / "data").glob("*.md")]
        named = set()
        for page in pages:
            lines = page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
            for number, line in enumerate(lines, 1):
                for option in re.findall(OPTION, line):
                    named.add(option)
                    other = OTHER_PROGRAMS.get(option)
                    self.assertTrue(option in known or (other and other in " ".join(lines[max(0, number - 4):number])), f"{page}:{number}: there is no {option}")
                # A command line of ours takes only what its command takes.
                for text in re.findall(r"bulkhead ((?:db |trust keys |trust )?[a-z-]+ [^`#|]*)", line):
                    command = next((name for name in sorted(by_command, key=len, reverse=True) if name and text.startswith(name + " ")), None)
                    if command and command not in ("db", "trust", "trust keys") and (line.lstrip().startswith(("bulkhead", "$ bulkhead")) or f"`bulkhead {command}" in line):
                        self.assertLessEqual(set(re.findall(OPTION, text)), by_command[command] | {"--help"}, f"{page}:{number}")
        self.assertGreater(len(named & known), 30)


class Offline(unittest.TestCase):
    """--offline makes no connection: a listener would see it."""

    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.connections += 1
                client.close()

    def scan(self, *arguments, **environment):
        nowhere = {"DOCKER_HOST": "unix:///nonexistent/docker.sock", "CONTAINER_HOST": "unix:///nonexistent/podman.sock"}
        done = bulkhead("scan", *arguments, ok=False, env={**nowhere, **environment})
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        return done.stderr

    def test_a_registry_is_refused_by_name(self):
        image = f"registry:localhost:{self.port}/app:1"
        said = self.scan("--offline", "rootfs:/no/such/folder", image)
        self.assertIn(image, said)
        self.assertIn("--offline", said)
        self.assertNotIn("/no/such/folder", said)  # before any image is opened
        self.assertEqual(self.connections, 0)

    def test_without_a_prefix_only_this_machine_is_searched(self):
        image = f"localhost:{self.port}/app:1"
        said = self.scan("--offline", image)
        self.assertRegex(said, r"registry: not asked under --offline")
        self.assertRegex(said, r"1\. a file or folder")
        self.assertEqual(self.connections, 0)
        self.scan(image)
        self.assertGreater(self.connections, 0)  # the listener does see who asks

    def test_an_engine_behind_tcp_is_not_asked(self):
        for scheme, variable in (("docker", "DOCKER_HOST"), ("podman", "CONTAINER_HOST")):
            with self.subTest(scheme):
                said = self.scan("--offline", f"{scheme}:app", **{variable: f"tcp://127.0.0.1:{self.port}"})
                self.assertIn(f"tcp://127.0.0.1:{self.port}", said)
                self.assertIn("--offline", said)
                said = self.scan("--offline", "app", **{variable: f"tcp://127.0.0.1:{self.port}"})
                self.assertIn(f"tcp://127.0.0.1:{self.port} is not asked under --offline", said)
                self.assertEqual(self.connections, 0)
        self.scan("docker:app", DOCKER_HOST=f"tcp://127.0.0.1:{self.port}")
        self.assertGreater(self.connections, 0)


class Signals(unittest.TestCase):
    """The first SIGINT or SIGTERM ends every command soon, with 130, and nothing half-written stays."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-signals-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "root/etc").mkdir(parents=True)
        (self.folder / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n", encoding="ascii")

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        environment = {**os.environ, "XDG_CACHE_HOME": str(images.WORK / "cache")}
        process = subprocess.Popen([images.BULKHEAD, *(str(a) for a in arguments)], stdin=stdin, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def end(self, process, how):
        process.send_signal(how)
        said = process.communicate(timeout=30)
        self.assertEqual((process.returncode, said), (130, ("", "")))

    def read_all_of(self, descriptor):
        """Whoever reads the pipe has taken all that is in it, and waits for more."""
        left = array.array("i", [0])

        def empty():
            fcntl.ioctl(descriptor, termios.FIONREAD, left)
            return left[0] == 0

        wait_until(empty, "the pipe to be read")

    def test_standard_input_that_never_ends(self):
        for arguments in (["version-compare", "--scheme", "deb"], ["db", "import", "-", "--cache-dir", self.folder / "cache"], ["scan", "-"],
                          ["sbom", "-"]):
            for how in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(arguments=arguments, how=how):
                    reader, writer = os.pipe()
                    with os.fdopen(reader, "rb"), os.fdopen(writer, "wb", buffering=0) as pipe:
                        process = self.start(*arguments, stdin=reader)
                        pipe.write(b"1\t2\n")
                        self.read_all_of(writer)
                        self.end(process, how)
        self.assertEqual([path for path in self.folder.rglob("*") if "advisories" in path.name], [])

    def test_a_pipe_that_never_ends(self):
        root = f"rootfs:{self.folder}/root"
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        for arguments in (["db", "import", pipe, "--cache-dir", self.folder / "cache"],
                          ["scan", "--ignore-file", pipe, root],
                          ["scan", "-f", "template", "--template", pipe, root]):
            with self.subTest(arguments):
                process = self.start(*arguments)
                with open(pipe, "wb", buffering=0) as writer:  # waits until it is opened for reading
                    writer.write(b"# begins\n")
                    self.read_all_of(writer.fileno())
                    self.end(process, signal.SIGINT)
        self.assertEqual([path.name for path in self.folder.rglob("*.db*")], [])

    def test_an_output_that_nobody_reads(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        root = f"rootfs:{self.folder}/root"
        for arguments in (["scan", "--quiet", "--output", f"json={pipe}", root], ["sbom", "--quiet", "--output", f"cyclonedx={pipe}", root],
                          ["audit", "--host", "unix:///nonexistent", "--output", f"json={pipe}"], ["db", "export", pipe]):
            with self.subTest(arguments):
                process = self.start(*arguments)
                self.assertEqual(process.stderr.readline(), f"bulkhead: {pipe}: waiting for somebody to read this FIFO\n")
                self.end(process, signal.SIGINT)

    def test_an_engine_that_gives_no_answer(self):
        path = self.folder / "engine.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            for how in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(how):
                    process = self.start("audit", "--host", f"unix://{path}", "-o", f"json={self.folder}/out.json")
                    with listener.accept()[0] as connection:
                        connection.recv(1)
                        self.end(process, how)
            process = self.start("audit", "--host", f"unix://{path}", "--timeout", "1", "-o", f"json={self.folder}/silent.json")
            self.assertIn("not audited", process.communicate(timeout=30)[1])
            self.assertEqual(process.returncode, 1)
        self.assertEqual([path.name for path in self.folder.glob("*.json")], ["silent.json"])

    def test_an_export_that_takes_long(self):
        target = self.folder / "out.db.zst"
        process = self.start("db", "export", target)

        def works():
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > 0.3

        wait_until(works, "the export to be at work")
        self.assertIsNone(process.poll())
        self.end(process, signal.SIGINT)
        self.assertEqual(list(self.folder.glob("out*")), [])

    def test_an_export_of_the_snapshot_takes_seconds(self):
        target = self.folder / "out.db.zst"
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        bulkhead("db", "export", target)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, 10)
        self.assertLess(target.stat().st_size, 12_000_000)


class Databases(unittest.TestCase):
    """What the commands that write a database say of it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-databases-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.feeds = self.folder / "feeds"
        self.feeds.mkdir()
        (self.feeds / "tracker.json").write_text(json.dumps({"openssl": {"CVE-2023-0286": {"releases": {"bookworm": {
            "status": "resolved", "repositories": {"bookworm": "3.0.9-1"}, "fixed_version": "3.0.8-1", "urgency": "not yet assigned"}}}}}), encoding="ascii")
        (self.feeds / "feeds.json").write_text(json.dumps({"schema_version": 1, "files": [
            {"path": "tracker.json", "feed": "debian-tracker", "date": "2026-11-20", "ecosystems": ["debian:12"]}]}), encoding="ascii")

    def said(self, *arguments):
        done = bulkhead(*arguments)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def test_what_was_written_is_said_in_a_line(self):
        built, packed, cache = self.folder / "new.db", self.folder / "new.db.zst", self.folder / "cache"
        holds = r"1 record about 1 vulnerability from 1 feed of 2026-11-20\n"
        for arguments, written in ((["db", "build", "--from", self.feeds, "-o", built], built),
                                   (["db", "export", packed, "--db", built], packed),
                                   (["db", "import", packed, "--cache-dir", cache], cache / "advisories.db")):
            with self.subTest(arguments):
                line = self.said(*arguments)
                self.assertRegex(line, rf"^{re.escape(str(written))}: \d+\.\d [kM]B, {holds}$")
                size = float(line.split(": ")[1].split(" ")[0]) * 1000
                self.assertLess(abs(size - written.stat().st_size), 51)
                self.assertEqual(self.said(*arguments, "--quiet"), "")

    def test_damage_since_the_import_is_found_by_who_asks(self):
        built, cache = self.folder / "new.db", self.folder / "cache"
        self.said("db", "build", "--from", self.feeds, "-o", built)
        self.said("db", "import", built, "--cache-dir", cache)
        snapshot = self.folder / "snapshots"  # one with no database of its own: the program's snapshot
        self.assertEqual(self.said("db", "info", "--verify", "--cache-dir", cache), self.said("db", "info", "--cache-dir", cache))
        self.said("db", "info", "--cache-dir", snapshot)
        for folder, file, remedy in ((cache, cache / "advisories.db", "bulkhead db update"),
                                     (snapshot, next((snapshot / "snapshot").glob("*.db")), "unpacked again")):
            with self.subTest(file):
                damaged = bytearray(file.read_bytes())
                damaged[-1] ^= 1
                file.write_bytes(damaged)
                self.said("db", "info", "--cache-dir", folder)  # opens
                done = bulkhead("db", "info", "--verify", "--cache-dir", folder, ok=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn("checksum", done.stderr)
                self.assertIn(remedy, done.stderr)

    def test_a_database_goes_where_it_is_told(self):
        link, real = self.folder / "link.db", self.folder / "real.db"
        link.symlink_to(real)
        self.said("db", "build", "--from", self.feeds, "-o", link)
        self.assertTrue(link.is_symlink())
        piped = bulkhead("db", "build", "--from", self.feeds, "-o", "/dev/stdout", text=False)
        self.assertEqual(piped.stdout, real.read_bytes())
        self.assertIn(b"1 record", piped.stderr)
        for command in (["db", "build", "--from", self.feeds, "-o"], ["db", "export", "--db", real]):
            done = bulkhead(*command, self.folder / "typo/x.db.zst", ok=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("no folder", done.stderr)
            bulkhead(*command, "/dev/null")
            self.assertTrue(pathlib.Path("/dev/null").is_char_device())


if __name__ == "__main__":
    need("mandoc", "man")
    unittest.main()
