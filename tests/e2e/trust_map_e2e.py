"""The freshness map through its commands: what a publisher does with `bulkhead trust`, what `bulkhead trust check` and
python-tuf say of it, what an attacker between them can do, and what is left when a command is killed.

python-tuf is looked for in the Python of $BULKHEAD_PYTHON_TUF, else in this one."""
import functools
import hashlib
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from harness import BIN, find_program

BULKHEAD = os.path.join(BIN, "bulkhead")
PYTHON_TUF = os.environ.get("BULKHEAD_PYTHON_TUF", sys.executable)
UNDER_CI = os.environ.get("CI", "") not in ("", "0", "false")


def digest_of(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def absent(test, reason):
    """Skipped by name; failed under CI, where nobody reads that."""
    test.fail(reason) if UNDER_CI else test.skipTest(reason)


class Served:
    """A folder behind HTTP, as any web server would have it; `answer` may say something else for a path."""

    def __init__(self, folder):
        served = self
        self.answer = None

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                if served.answer is None or not served.answer(self):
                    super().do_GET()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class MapTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-trust-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.map = self.folder / "map"
        self.publisher = {**os.environ, "XDG_DATA_HOME": str(self.folder / "publisher"), "PASSPHRASE": "open sesame"}
        self.reader = {**os.environ, "XDG_DATA_HOME": str(self.folder / "reader")}

    def trust(self, *words, environment=None, codes=(0,), before=()):
        done = subprocess.run([*before, BULKHEAD, "trust", *map(str, words)], capture_output=True, text=True, timeout=300,
                              env=environment or self.publisher, stdin=subprocess.DEVNULL)
        self.assertIn(done.returncode, codes, f"trust {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return done

    def sign(self, *words, **more):
        return self.trust(*words, "--passphrase", "env:PASSPHRASE", **more)

    def plain_key(self, name, kind="EC"):
        path = self.folder / f"{name}.pem"
        arguments = {"EC": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "Ed25519": ["-algorithm", "ED25519"],
                     "RSA": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]}[kind]
        subprocess.run(["openssl", "genpkey", *arguments, "-out", path], check=True, capture_output=True)
        return f"file:{path}"

    def init_with_plain_keys(self, kind="EC"):
        """No passphrases, so that time goes into what is tested. Root has a key to recover with."""
        self.keys = {name: self.plain_key(name, kind) for name in ("root", "recovery", "targets", "online")}
        self.trust("init", self.map, "--root-key", self.keys["root"], "--root-key", self.keys["recovery"], "--targets-key",
                   self.keys["targets"], "--snapshot-key", self.keys["online"], "--timestamp-key", self.keys["online"],
                   "--publish")
        self.pin()

    def pin(self):
        self.root = self.folder / "pinned-root.json"
        shutil.copy(self.map / "metadata/1.root.json", self.root)

    def add(self, image, content, *words):
        return self.sign("add", self.map, f"{image}@{digest_of(content)}", *words)

    def check(self, image, content, location=None, root=None, before=()):
        """The verdict of a reader that remembers."""
        done = self.trust("check", location or self.map, f"{image}@{digest_of(content)}", "--root", root or self.root, "--json",
                          environment=self.reader, codes=(0, 2), before=before)
        said = json.loads(done.stdout)
        self.assertEqual(said["accepted"], done.returncode == 0)
        return said

    def verdict(self, *words, **more):
        return self.check(*words, **more)["verdict"]

    def doctor(self, *words, codes=(0,)):
        return json.loads(self.trust("doctor", *(words or (self.map,)), "--json", codes=codes).stdout)

    def key_id(self, role, index=0):
        return next(each for each in self.doctor()["roles"] if each["role"] == role)["keys"][index]["id"]


class WalkThrough(MapTest):
    def test_from_init_to_revoke(self):
        said = self.sign("init", self.map, "--generate", "--publish").stdout
        self.assertIn("to recover with", said)
        self.pin()
        self.add("registry.example/team/app:1", "one")
        self.assertEqual(self.verdict("registry.example/team/app:1", "one"), "unknown", "it is staged only")
        self.assertIn("lacks 1 signature", self.trust("status", self.map).stdout)
        self.sign("sign", self.map)
        self.sign("publish", self.map)
        self.assertEqual(self.verdict("registry.example/team/app:1", "one"), "present")
        self.assertEqual(self.verdict("registry.example/team/app:1", "zero"), "other-digest")

        self.sign("rotate", self.map, "root", "--replace", self.key_id("root"), "--generate")
        self.assertTrue((self.map / "metadata/2.root.json").exists())
        self.assertEqual(self.verdict("registry.example/team/app:1", "one"), "present", "by the first root that was pinned")

        self.sign("revoke", self.map, "--digest", digest_of("one"), "--reason", "CVE-2026-1", "--publish")
        said = self.check("registry.example/team/app:1", "one")
        self.assertEqual((said["verdict"], said["reason"]), ("revoked", "CVE-2026-1"))
        refused = self.sign("add", self.map, f"registry.example/team/app:2@{digest_of('one')}", codes=(1,))
        self.assertIn("revoked", refused.stderr)
        self.add("registry.example/team/app:1", "two", "--publish")
        self.assertEqual(self.verdict("registry.example/team/app:1", "two"), "present")
        self.sign("remove", self.map, "registry.example/team/app:1", "--reason", "end of life", "--publish")
        self.assertEqual(self.verdict("registry.example/team/app:1", "two"), "withdrawn")
        self.assertFalse(self.doctor()["wrong"])

    def test_a_role_is_signed_on_a_copy_by_who_holds_the_key(self):
        self.init_with_plain_keys()
        alice, bob = self.plain_key("alice"), self.plain_key("bob")
        public = self.folder / "alice.pub"
        subprocess.run(["openssl", "pkey", "-in", alice[5:], "-pubout", "-out", public], check=True)
        # Only Alice's public half is here.
        self.trust("delegate", self.map, "team", "--key", f"file:{public}", "--key", bob, "--threshold", "2", "--path",
                   "registry.example/team/*", "--terminating")
        self.add("registry.example/team/app:1", "one")
        self.trust("sign", self.map)
        pending = json.loads(self.trust("status", self.map, "--json").stdout)["pending"]
        self.assertEqual([(each["role"], each["missing"]) for each in pending], [("targets", 0), ("team", 1)])
        self.assertIn("lacks 1 signature", self.trust("publish", self.map, codes=(1,)).stderr)

        copy = self.folder / "stick/map"
        shutil.copytree(self.map, copy, symlinks=True)
        self.trust("sign", copy, "--role", "team", "--key", alice)
        # Another copy was changed before it was signed: of that nothing is taken.
        changed = self.folder / "changed/map"
        shutil.copytree(self.map, changed, symlinks=True)
        self.trust("add", changed, f"registry.example/team/app:1@{digest_of('evil')}")
        self.trust("sign", changed, "--role", "team", "--key", alice)
        self.assertIn("another", self.trust("sign", self.map, "--take-from", changed, codes=(1,)).stderr)
        self.trust("sign", self.map, "--take-from", copy)
        self.trust("publish", self.map)
        self.assertEqual(self.verdict("registry.example/team/app:1", "one"), "present")

    def test_a_backup_brings_everything_back(self):
        self.sign("init", self.map, "--generate", "--publish")
        self.pin()
        self.add("app:1", "one", "--publish")
        backup = self.folder / "backup"
        environment = {**self.publisher, "BACKUP": "another passphrase"}
        self.sign("backup", backup, self.map, "--backup-passphrase", "env:BACKUP", environment=environment)
        self.assertEqual(backup.stat().st_mode & 0o777, 0o600)
        self.trust("restore", "--check", backup, "--backup-passphrase", "env:BACKUP", environment=environment)
        self.trust("restore", "--check", backup, "--backup-passphrase", "env:PASSPHRASE", codes=(1,))
        self.add("app:1", "two", "--publish")
        self.assertEqual(self.verdict("app:1", "two"), "present")

        # The machine is lost; the web server still has what was published last.
        served = self.folder / "www"
        shutil.copytree(self.map / "metadata", served)
        shutil.rmtree(self.map)
        shutil.rmtree(self.folder / "publisher")
        self.trust("restore", backup, self.map, "--metadata", served, "--backup-passphrase", "env:BACKUP",
                   environment=environment)
        self.publisher["PASSPHRASE"] = "another passphrase"
        self.assertFalse(self.doctor()["wrong"])
        self.add("app:1", "three", "--publish")
        self.assertEqual(self.verdict("app:1", "three"), "present")

    def test_the_doctor_ends_with_2_and_names_the_command(self):
        self.init_with_plain_keys()
        self.assertFalse(self.doctor()["wrong"])
        os.unlink(self.keys["online"][5:])
        found = self.doctor(codes=(2,))
        self.assertTrue(any("trust rotate" in each["repair"] for each in found["problems"] if each["role"] == "timestamp"))
        replacement = self.plain_key("next")
        for role in ("timestamp", "snapshot"):
            self.trust("rotate", self.map, role, "--key", replacement, codes=(0, 1))
        self.trust("sign", self.map)
        self.trust("publish", self.map)
        self.assertFalse(self.doctor()["wrong"])
        self.add("app:1", "one", "--publish")
        self.assertEqual(self.verdict("app:1", "one"), "present")

    def test_the_timestamp_stays_fresh_while_publish_runs(self):
        self.init_with_plain_keys()
        process = subprocess.Popen([BULKHEAD, "trust", "publish", str(self.map), "--every", "1"], env=self.publisher,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        versions = [process.stdout.readline().split("timestamp ")[1].split(",")[0] for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        self.assertEqual(versions, ["2", "3", "4"])


PYTHON_CLIENT = """
import sys, pathlib
from tuf.ngclient import Updater
root, folder, url, *paths = sys.argv[1:]
pathlib.Path(folder).mkdir(exist_ok=True)
updater = Updater(metadata_dir=folder, metadata_base_url=url, bootstrap=pathlib.Path(root).read_bytes())
updater.refresh()
for path in paths:
    found = updater.get_targetinfo(path)
    print(path, found.hashes["sha256"] if found else None)
"""


class PythonTuf(MapTest):
    def setUp(self):
        super().setUp()
        if subprocess.run([PYTHON_TUF, "-c", "import tuf.ngclient"], capture_output=True).returncode != 0:
            # A peer of other people's, like cosign: where it is at hand.
            self.skipTest("python-tuf is not here: set BULKHEAD_PYTHON_TUF to a Python that has it")

    def targets(self, served, *paths):
        done = subprocess.run([PYTHON_TUF, "-c", PYTHON_CLIENT, self.root, self.folder / "python-client", served.url, *paths],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(line.split(" ", 1) for line in done.stdout.splitlines())

    def test_follows_rotations_of_every_role_and_finds_targets_in_hash_bins(self):
        for kind in ("EC", "Ed25519", "RSA"):
            with self.subTest(kind):
                shutil.rmtree(self.map, ignore_errors=True)
                shutil.rmtree(self.folder / "python-client", ignore_errors=True)
                self.init_with_plain_keys(kind)
                served = Served(str(self.map / "metadata"))
                self.addCleanup(served.close)
                self.trust("delegate", self.map, "bin", "--key", self.keys["online"], "--bins", "4")
                images = [f"registry.example/app{i}:1" for i in range(8)]
                for image in images:
                    self.add(image, image)
                self.trust("sign", self.map)
                self.trust("publish", self.map)
                wanted = {image: digest_of(image)[7:] for image in images}
                self.assertEqual(self.targets(served, *images, "registry.example/none:1"),
                                 {**wanted, "registry.example/none:1": "None"})
                for role in ("timestamp", "snapshot", "targets", "bin-0"):
                    self.trust("rotate", self.map, role, "--replace", "all", "--key", self.plain_key(f"new-{role}", kind))
                    self.assertEqual(self.targets(served, *images), wanted, f"after the rotation of {role}")
                self.trust("rotate", self.map, "root", "--replace", self.key_id("root"), "--key",
                           self.plain_key("new-root", kind))
                self.assertEqual(self.targets(served, *images), wanted, "after the rotation of root")
                self.assertEqual(self.verdict(images[3], images[3]), "present")


class Attacks(MapTest):
    """Between a reader and the publisher, with everything that was ever published at hand, and with stolen keys."""

    def setUp(self):
        super().setUp()
        self.init_with_plain_keys()
        self.add("app:1", "one", "--publish")
        self.server = self.folder / "server"
        self.put(self.map / "metadata")
        self.served = Served(str(self.server))
        self.addCleanup(self.served.close)
        self.assertEqual(self.ask("one"), "present")

    def put(self, metadata):
        shutil.rmtree(self.server, ignore_errors=True)
        shutil.copytree(metadata, self.server)

    def ask(self, content, **more):
        return self.verdict("app:1", content, location=self.served.url, **more)

    def test_rollback_to_an_older_map_is_refused(self):
        old = self.folder / "old"
        shutil.copytree(self.server, old)
        self.add("app:1", "two", "--publish")
        self.put(self.map / "metadata")
        self.assertEqual(self.ask("two"), "present")
        self.put(old)
        self.assertEqual(self.ask("one"), "map-older")

    def test_freeze_ends_with_the_timestamp(self):
        if not find_program("faketime"):
            absent(self, "not installed: faketime")
        self.assertEqual(self.ask("one", before=("faketime", "23 hours")), "present")
        self.assertEqual(self.ask("one", before=("faketime", "25 hours")), "map-expired")

    def test_metadata_of_two_publications_does_not_mix(self):
        self.add("app:1", "two", "--publish")
        stale = (self.server / "2.targets.json").read_bytes()
        self.put(self.map / "metadata")
        present = (self.server / "3.targets.json").stat().st_size
        # As long as the present one, which the snapshot states: its signature alone makes it a byte longer or shorter.
        (self.server / "3.targets.json").write_bytes(stale[:present].ljust(present))
        self.assertEqual(self.ask("one"), "map-untrusted")

    def test_endless_data_is_read_up_to_a_bound(self):
        def endless(request):
            if request.path != "/timestamp.json":
                return False
            request.send_response(200)
            request.end_headers()
            try:
                while True:
                    request.wfile.write(b" " * 65536)
            except OSError:
                return True

        self.served.answer = endless
        started = time.monotonic()
        refused = self.trust("check", self.served.url, f"app:1@{digest_of('one')}", "--root", self.root, environment=self.reader,
                             codes=(1,))
        self.assertIn("larger than 16384 bytes", refused.stderr)
        self.assertLess(time.monotonic() - started, 60)

    def test_what_the_map_does_not_list_is_unknown(self):
        self.assertEqual(self.verdict("app:2", "one", location=self.served.url), "unknown")
        # A file beside the metadata is nobody's word.
        (self.server / "evil.json").write_text("{}")
        self.assertEqual(self.verdict("app:3", "evil", location=self.served.url), "unknown")

    def test_a_map_of_other_keys_is_refused(self):
        mine = self.map
        self.map = self.folder / "evil"
        pinned = self.root
        self.init_with_plain_keys()
        for _ in range(4):
            self.add("app:1", "evil", "--publish")
        self.put(self.map / "metadata")
        self.map = mine
        shutil.copy(self.server / "1.root.json", self.folder / "unused.json")
        shutil.copy(mine / "metadata/1.root.json", pinned)
        self.assertEqual(self.ask("evil"), "map-untrusted")

    def stolen_copy(self):
        """The publisher's folder, with whatever keys the attacker was given."""
        copy = self.folder / "stolen"
        shutil.copytree(self.map, copy, symlinks=True)
        return copy

    def test_fast_forward_with_the_online_key_ends_with_its_rotation(self):
        stolen = self.stolen_copy()
        for _ in range(5):
            self.trust("publish", stolen)
        self.put(stolen / "metadata")
        self.assertEqual(self.ask("one"), "present")
        self.add("app:1", "two", "--publish")
        self.put(self.map / "metadata")
        self.assertEqual(self.ask("two"), "map-older", "the publisher is locked out")
        for role in ("timestamp", "snapshot"):
            self.trust("rotate", self.map, role, "--key", self.plain_key(f"new-{role}"))
        self.put(self.map / "metadata")
        self.assertEqual(self.ask("two"), "present")
        # The stolen key has no say any more.
        self.trust("publish", stolen)
        shutil.copy(stolen / "metadata/timestamp.json", self.server / "timestamp.json")
        self.assertEqual(self.ask("two"), "map-untrusted")

    def test_a_stolen_targets_key_ends_with_its_rotation(self):
        stolen = self.stolen_copy()
        self.trust("add", stolen, f"app:1@{digest_of('evil')}", "--publish")
        self.put(stolen / "metadata")
        self.assertEqual(self.ask("evil"), "present", "that is what the key was for")
        for role in ("targets", "snapshot", "timestamp"):
            self.trust("rotate", self.map, role, "--key", self.plain_key(f"new-{role}"))
        self.put(self.map / "metadata")
        self.assertEqual(self.ask("one"), "present")
        self.assertEqual(self.ask("evil"), "other-digest")

    def test_one_stolen_root_key_of_two_makes_no_root(self):
        self.trust("rotate", self.map, "root", "--replace", "none", "--threshold", "2")
        self.put(self.map / "metadata")
        self.assertEqual(self.ask("one"), "present")
        stolen = self.stolen_copy()
        os.rename(self.keys["recovery"][5:], self.folder / "away.pem")
        said = self.trust("rotate", stolen, "targets", "--key", self.plain_key("evil"))
        self.assertIn("lacks 1 signature", said.stdout)
        self.trust("publish", stolen, codes=(1,))
        # Signed by one key, and served all the same.
        shutil.copy(stolen / "staged/root.json", self.server / "3.root.json")
        self.assertEqual(self.ask("one"), "map-untrusted")


class Killed(MapTest):
    """kill -9 at a random moment of each command of a publisher: clients never refuse, and no key is lost."""

    ROUNDS = 100

    def test_at_any_moment(self):
        self.sign("init", self.map, "--generate", "--publish")
        self.pin()
        self.add("app:1", "0", "--publish")
        self.durations = {}
        moments = random.Random(11)
        got_through = 0
        for number in range(self.ROUNDS):
            words = self.command(moments, number)
            got_through += self.run_and_kill(words, moments)
            self.look(number, words)
        self.assertGreater(got_through, self.ROUNDS // 20, "hardly any command got through: the rest tells little")
        self.assertLess(got_through, self.ROUNDS * 9 // 10, "hardly any command was killed")
        # Whatever is half done is done now, and every key of every role opens and signs.
        self.sign("sign", self.map)
        self.sign("publish", self.map)
        environment = {**self.publisher, "BACKUP": "b"}
        self.sign("backup", self.folder / "backup", self.map, "--backup-passphrase", "env:BACKUP", environment=environment)
        self.trust("restore", "--check", self.folder / "backup", "--backup-passphrase", "env:BACKUP", environment=environment)

    def command(self, moments, number):
        kind = moments.choice(["add", "add", "publish", "publish", "sign", "revoke", "rotate", "rotate-root", "delegate"])
        if kind == "add":
            return ["add", self.map, f"app:1@{digest_of(str(number))}", "--publish"]
        if kind == "revoke":
            return ["revoke", self.map, "--digest", digest_of(f"bad {number}"), "--publish"]
        if kind == "rotate":
            return ["rotate", self.map, moments.choice(["timestamp", "snapshot", "targets"]), "--replace", "all", "--generate"]
        if kind == "rotate-root":
            return ["rotate", self.map, "root", "--replace", self.key_id("root"), "--generate"]
        if kind == "delegate":
            return ["delegate", self.map, f"team{number}", "--key", "store:" + self.key_id("targets"), "--path",
                    f"registry.example/{number}/*", "--publish"]
        return [kind, self.map, *(["--leave-unsigned"] if kind == "publish" else [])]

    def run_and_kill(self, words, moments):
        """Whether it came to its end. How long one may live grows until one gets through, on a machine that is busy too."""
        longest = self.durations.get(words[0], 1.0)
        started = time.monotonic()
        process = subprocess.Popen([BULKHEAD, "trust", *map(str, words), "--passphrase", "env:PASSPHRASE"], env=self.publisher,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, said = process.communicate(timeout=moments.uniform(0, longest * 1.2))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.durations[words[0]] = min(longest * 1.2, 20)
            return False
        self.durations[words[0]] = time.monotonic() - started
        self.assertEqual(process.returncode, 0, f"{words}: {said}")
        return True

    def look(self, number, words):
        said = self.check("app:1", "nothing")
        self.assertEqual(said["verdict"], "other-digest", f"round {number}, {words}: {said}")
        found = self.doctor(codes=(0, 2))
        self.assertFalse(found["wrong"], f"round {number}, {words}: {found['problems']}")


if __name__ == "__main__":
    for program in ("openssl",):
        if not find_program(program):
            print("SKIPPED: not installed:", program)
            sys.exit(1 if UNDER_CI else 77)
    unittest.main(verbosity=2)
