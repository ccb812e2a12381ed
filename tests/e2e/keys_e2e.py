"""`bulkhead trust keys` beside the programs whose keys it reads and writes: OpenSSL, docker, notary, cosign and a PKCS#11 token;
with passphrases from every source, and killed at every step."""
import contextlib
import json
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from harness import find_program, need
from images import BULKHEAD, bulkhead, run

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = os.environ.get("BULKHEAD_TEST_DATA") or next((str(p / "shared/data") for p in SOURCE.parents if (p / "shared/data/SOURCES.tsv").exists()), None)
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PASSPHRASE = "correct horse 42"
OTHER = "battery staple 43"


def peer(name):
    """A program that no Debian package has: in one of the folders of $BULKHEAD_PEERS, or in the path."""
    for folder in os.environ.get("BULKHEAD_PEERS", "").split(":"):
        if folder and os.access(pathlib.Path(folder) / name, os.X_OK):
            return pathlib.Path(folder) / name
    return shutil.which(name)


def setUpModule():
    need("openssl", "strace", "setpriv")


class Keys(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-keys-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {"XDG_DATA_HOME": str(self.folder / "data"), "SECRET": PASSPHRASE, "NEXT": OTHER}
        self.store = self.folder / "data/bulkhead/keys"

    def keys(self, *arguments, **options):
        return bulkhead("trust", "keys", *arguments, env=self.environment | options.pop("env", {}), **options)

    def generate(self, *arguments):
        return self.keys("generate", "--passphrase", "env:SECRET", *arguments).stdout.strip()

    def export(self, key, form, name):
        path = self.folder / name
        self.keys("export", key, "--form", form, "--output", path, "--passphrase", "env:SECRET")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        return path

    def listed(self, *arguments):
        return json.loads(self.keys("list", "--json", *arguments).stdout)["keys"]

    def signs(self, key, public):
        """OpenSSL takes a signature that the exported key makes."""
        message = self.folder / "message"
        message.write_text("hello")
        pem = self.export(key, "plain", f"{random.random()}.pem")
        signature = self.folder / "signature"
        digest = [] if "ED25519" in run("openssl", "pkey", "-in", pem, "-noout", "-text").stdout else ["-sha256"]
        raw = ["-rawin", "-in", message]
        run("openssl", "pkeyutl", "-sign", "-inkey", pem, *raw, *(["-digest", "sha256"] if digest else []), "-out", signature)
        run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, *raw, *(["-digest", "sha256"] if digest else []), "-sigfile", signature)

    # ---- OpenSSL

    def test_openssl_reads_what_is_kept_and_what_is_exported(self):
        for kind in ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa"):
            with self.subTest(kind):
                public = self.folder / f"{kind}.pub"
                key = self.generate("--key-type", kind, "--public-key", public)
                kept = self.store / (key.removeprefix("store:") + ".key")
                self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
                for path in (kept, self.export(key, "pkcs8", f"{kind}.pem")):
                    self.assertEqual(run("openssl", "pkey", "-in", path, "-passin", "env:SECRET", "-pubout", env=dict(os.environ, **self.environment)).stdout,
                                     public.read_text())
                self.signs(key, public)
                self.assertEqual(self.keys("export", key, "--form", "public").stdout, public.read_text())
        self.assertEqual(stat.S_IMODE(self.store.stat().st_mode), 0o700)

    def test_what_openssl_writes_is_imported(self):
        environment = dict(os.environ, **self.environment)
        made = self.folder / "made"
        made.mkdir()
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", made / "plain.pem")
        run("openssl", "pkcs8", "-topk8", "-in", made / "plain.pem", "-out", made / "pbkdf2.pem", "-passout", "env:SECRET", env=environment)
        run("openssl", "pkcs8", "-topk8", "-scrypt", "-in", made / "plain.pem", "-out", made / "scrypt.pem", "-passout", "env:SECRET", env=environment)
        run("openssl", "ec", "-in", made / "plain.pem", "-aes256", "-out", made / "sec1.pem", "-passout", "env:SECRET", env=environment)
        run("openssl", "genrsa", "-traditional", "-aes128", "-passout", "env:SECRET", "-out", made / "pkcs1.pem", "3072", env=environment)
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", made / "ed25519.pem")
        done = self.keys("import", *sorted(made.iterdir()), "--role", "release", "--passphrase", "env:SECRET")
        self.assertEqual(len(done.stdout.splitlines()), 6)
        self.assertEqual(len(self.listed()), 3)  # four files hold one key
        self.assertEqual({key["role"] for key in self.listed()}, {"release"})

    # ---- docker and notary

    @unittest.skipUnless(find_program("notary"), "notary is not installed")
    def test_notary_reads_ours_and_ours_reads_notarys(self):
        home = self.folder / "notary"
        environment = dict(os.environ, NOTARY_DELEGATION_PASSPHRASE=PASSPHRASE, NOTARY_ROOT_PASSPHRASE=PASSPHRASE)
        run("notary", "-d", home, "key", "generate", "ecdsa", "--role", "targets/releases", env=environment)
        theirs = self.keys("import", home, "--passphrase", "env:SECRET").stdout.split()
        self.assertEqual(theirs[1], "targets/releases")
        for kind in ("ecdsa-p256", "ed25519", "rsa"):
            with self.subTest(kind):
                key = self.generate("--key-type", kind)
                path = self.folder / f"{kind}.notary"
                self.keys("export", key, "--form", "notary", "--role", "targets/qa", "--output", path, "--passphrase", "env:SECRET")
                run("notary", "-d", home, "key", "import", path, "--role", "targets/qa", env=environment)
                own = json.loads(self.keys("inspect", key, "--json").stdout)["notary_id"]
                self.assertTrue((home / f"private/{own}.key").exists(), os.listdir(home / "private"))
                # It decrypts it to change the passphrase.
                done = run("notary", "-d", home, "key", "passwd", own, env=environment, ok=False)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_docker_reads_ours_and_ours_reads_dockers(self):
        for name, docker in enumerate(filter(lambda path: os.access(path, os.X_OK), ("/usr/bin/docker", "/usr/local/bin/docker"))):
            if run(docker, "trust", "--help", ok=False).returncode != 0:
                continue
            with self.subTest(docker):
                home = self.folder / f"docker{name}"
                home.mkdir()
                environment = dict(os.environ, DOCKER_CONFIG=str(home), DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=PASSPHRASE)
                run(docker, "trust", "key", "generate", "alice", "--dir", home, env=environment)
                theirs = self.keys("import", home / "trust", "--passphrase", "env:SECRET").stdout.split()
                self.assertEqual(theirs[1], "alice")
                public = self.keys("export", theirs[0], "--form", "public").stdout
                # docker writes the role into the block.
                self.assertEqual("".join(public.splitlines()[1:-1]), "".join(line for line in (home / "alice.pub").read_text().splitlines()[1:-1] if ":" not in line))
                # Docker decrypts no Ed25519 key, its own neither.
                for kind in ("ecdsa-p256", "rsa"):
                    key = self.generate("--key-type", kind)
                    path = self.folder / f"{name}-{kind}.key"
                    self.keys("export", key, "--form", "notary", "--output", path, "--passphrase", "env:SECRET")
                    loaded = run(docker, "trust", "key", "load", path, "--name", kind, env=environment)
                    self.assertIn("Successfully imported", loaded.stdout)

    @unittest.skipUnless(DATA and pathlib.Path(DATA, "trust").exists(), "the shared test data is not here")
    def test_real_trust_folders_are_taken_whole(self):
        for archive, folder, count in (("docker-28.2.2", "trust", 5), ("notary-0.7.0", "ntrust", 7)):
            with self.subTest(archive):
                run("tar", "-xf", f"{DATA}/trust/{archive}-trust-dir.tar", "-C", self.folder)
                sources = {"ROOT": "rootpass1", "TARGETS": "tpass1234", "SNAPSHOT": "spass1234", "OTHERS": "dpass1234"}
                if folder == "trust":
                    sources |= {"TARGETS": "repopass1", "OTHERS": "repopass1"}
                passphrases = [word for role in ("root", "targets", "snapshot") for word in ("--passphrase", f"{role}=env:{role.upper()}")]
                done = self.keys("import", self.folder / folder, *passphrases, "--passphrase", "env:OTHERS", "--new-passphrase", "env:SECRET", env=sources)
                self.assertEqual(len(done.stdout.splitlines()), count, done.stderr)
                self.assertEqual(done.stderr, "")
        self.assertEqual(len(self.listed()), 12)
        self.assertIn(("targets", "localhost:5999/x"), {(key.get("role"), key.get("gun")) for key in self.listed()})

    def test_one_bad_file_stops_no_other(self):
        home = self.folder / "trust/private"
        good = self.generate()
        home.mkdir(parents=True)
        notary_id = json.loads(self.keys("inspect", good, "--json").stdout)["notary_id"]
        self.keys("export", good, "--form", "notary", "--output", home / f"{notary_id}.key", "--passphrase", "env:SECRET")
        self.keys("remove", good, "--yes")
        (home / ("0" * 64 + ".key")).write_text("no key")
        done = self.keys("import", self.folder / "trust", "--passphrase", "env:SECRET", ok=False)
        self.assertEqual((done.returncode, done.stdout.split()[0]), (1, good))
        self.assertIn("0000.key", done.stderr)
        (self.store / ("1" * 64 + ".key")).write_text("no key")
        done = self.keys("list", ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(good, done.stdout)
        self.assertIn("1111.key", done.stderr)

    # ---- cosign

    @unittest.skipUnless(peer("cosign"), "there is no cosign: name its folder in BULKHEAD_PEERS")
    def test_cosign_reads_ours_and_ours_reads_cosigns(self):
        cosign = peer("cosign")
        environment = dict(os.environ, COSIGN_PASSWORD=PASSPHRASE, HOME=str(self.folder))
        theirs = self.folder / "theirs"
        theirs.mkdir()
        subprocess.run([cosign, "generate-key-pair"], cwd=theirs, env=environment, check=True, capture_output=True)
        imported = self.keys("import", theirs / "cosign.key", "--passphrase", "env:SECRET").stdout.strip()
        self.assertEqual(self.keys("export", imported, "--form", "public").stdout, (theirs / "cosign.pub").read_text())
        for kind in ("ecdsa-p256", "rsa"):
            with self.subTest(kind):
                path = self.export(self.generate("--key-type", kind), "cosign", f"{kind}.key")
                public = self.folder / f"{kind}.pub"
                self.assertEqual(run(cosign, "public-key", "--key", path, env=environment).stdout.strip(), public.read_text().strip())

    def test_a_pair_for_cosign_is_what_inspect_says(self):
        path = self.export(self.generate(), "cosign", "cosign.key")
        self.assertIn("ENCRYPTED SIGSTORE PRIVATE KEY", path.read_text())
        closed = json.loads(self.keys("inspect", f"file:{path}", "--json").stdout)
        self.assertEqual((closed["encrypted"], "public_key" in closed), (True, False))
        opened = json.loads(self.keys("inspect", f"file:{path}", "--json", "--open", "--passphrase", "env:SECRET").stdout)
        self.assertEqual(opened["public_key"], (self.folder / "cosign.pub").read_text())

    # ---- Tokens

    @unittest.skipUnless(os.path.exists(SOFTHSM) and shutil.which("pkcs11-tool"), "softhsm2 and opensc are not installed")
    def test_tokens_make_list_and_show_keys(self):
        (self.folder / "tokens").mkdir()
        settings = self.folder / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {self.folder}/tokens\n")
        token = {"SOFTHSM2_CONF": str(settings), "BULKHEAD_PKCS11_MODULE": SOFTHSM, "PIN": "493817"}
        run("softhsm2-util", "--init-token", "--free", "--label", "release", "--so-pin", "12345678", "--pin", "493817", env=dict(os.environ, **token))
        uri = self.keys("generate", "--on", "pkcs11:token=release;object=root-2026", "--passphrase", "env:PIN", "--public-key", self.folder / "root.pub", env=token).stdout.strip()
        self.assertRegex(uri, r"^pkcs11:.*object=root-2026")
        listed = json.loads(self.keys("list", "--on", "pkcs11:token=release", "--json", env=token).stdout)["keys"]
        self.assertEqual([key["reference"] for key in listed], [uri])
        self.assertEqual(listed[0]["public_key"], (self.folder / "root.pub").read_text())
        self.assertEqual(self.keys("export", uri, "--form", "public", "--passphrase", "env:NONE", env=token).stdout, listed[0]["public_key"])  # needs no PIN
        # What is for files is not tried as a PIN, where another source is named for that.
        self.keys("generate", "--on", "pkcs11:token=release;object=second", "--passphrase", "env:SECRET", "--passphrase", "pin=env:PIN", env=token)
        refused = self.keys("export", uri, "--output", self.folder / "x", "--passphrase", "env:PIN", env=token, ok=False)
        self.assertIn("does not give its private keys away", refused.stderr)
        wrong = self.keys("generate", "--on", "pkcs11:token=release;object=third", "--passphrase", "env:PIN", env=token | {"PIN": "111111"}, ok=False)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("PIN is wrong", wrong.stderr)
        self.assertNotIn("111111", wrong.stderr)

    def test_a_program_without_tokens_loads_no_p11_kit(self):
        traced = self.folder / "trace"
        run("strace", "-f", "-e", "trace=openat", "-o", traced, BULKHEAD, "trust", "keys", "list", env=dict(os.environ, **self.environment))
        self.assertNotIn("p11-kit", traced.read_text())

    # ---- Passphrases

    def test_passphrases_come_from_file_descriptor_variable_and_terminal(self):
        secret = self.folder / "secret"
        secret.write_text(PASSPHRASE + "\nanother line\n")
        keys = [self.keys("generate", "--passphrase", f"file:{secret}").stdout.strip(), self.generate()]
        read, write = os.pipe()
        os.write(write, (PASSPHRASE + "\n").encode())
        os.close(write)
        done = subprocess.run([BULKHEAD, "trust", "keys", "generate", "--passphrase", f"fd:{read}"], pass_fds=[read], capture_output=True, text=True,
                              env=dict(os.environ, **self.environment), check=True)
        os.close(read)
        keys.append(done.stdout.strip())
        shown, status = self.at_a_terminal(["generate"], [PASSPHRASE, PASSPHRASE])
        self.assertEqual(status, 0, shown)
        self.assertNotIn(PASSPHRASE, shown)
        keys.append(re.search(r"store:[0-9a-f]{64}", shown).group())
        for key in keys:
            self.export(key, "pkcs8", key[6:20])
        shown, status = self.at_a_terminal(["generate"], [PASSPHRASE, OTHER])
        self.assertEqual(status, 1)
        self.assertIn("differ", shown)
        self.assertEqual(len(self.listed()), 4)

    def at_a_terminal(self, arguments, answers):
        """What a person at a terminal sees, and the exit code."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(BULKHEAD, [BULKHEAD, "trust", "keys", *arguments], dict(os.environ, **self.environment))
        shown = b""
        for answer in answers:
            prompts = shown.count(b": ")
            while shown.count(b": ") == prompts:
                shown += os.read(terminal, 1000)
            os.write(terminal, answer.encode() + b"\n")
        with contextlib.suppress(OSError):
            while more := os.read(terminal, 1000):
                shown += more
        os.close(terminal)
        return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_a_passphrase_is_changed(self):
        key = self.generate()
        self.keys("passwd", key, "--passphrase", "env:SECRET", "--new-passphrase", "env:NEXT")
        self.assertIn("passphrase is wrong", self.keys("export", key, "--form", "plain", "--output", self.folder / "a", "--passphrase", "env:SECRET", ok=False).stderr)
        self.keys("export", key, "--form", "plain", "--output", self.folder / "a", "--passphrase", "env:NEXT")

    def test_keys_are_named_by_their_first_digits_and_removed_by_all(self):
        key = self.generate()
        self.assertIn(key[6:], self.keys("inspect", key[:14]).stdout)
        self.assertIn("for ever", self.keys("remove", key, ok=False).stderr)
        self.assertEqual(self.keys("remove", key[:14], "--yes", ok=False).returncode, 1)
        self.keys("remove", key[6:], "--yes")
        self.assertEqual(self.listed(), [])

    def test_a_key_is_never_written_over(self):
        key = self.generate()
        path = self.export(key, "plain", "a.pem")
        before = path.read_bytes()
        self.assertIn("is there already", self.keys("export", self.generate(), "--form", "plain", "--output", path, "--passphrase", "env:SECRET", ok=False).stderr)
        self.assertEqual(path.read_bytes(), before)

    def test_nothing_secret_is_said_or_left_for_others(self):
        key = self.generate()
        path = self.export(key, "cosign", "cosign.key")
        wrong = self.keys("import", path, "--passphrase", "env:NEXT", ok=False)
        plain = self.export(key, "plain", "plain.pem").read_text()
        secrets = [PASSPHRASE, OTHER, plain.splitlines()[1]]
        for said in (wrong.stdout + wrong.stderr, self.keys("list").stdout, self.keys("inspect", key).stdout, path.read_text()):
            for secret in secrets:
                self.assertNotIn(secret, said)
        self.assertIn("--passphrase", self.keys("list", "--passphrase", f"pass:{PASSPHRASE}", ok=False).stderr)
        self.assertNotIn(PASSPHRASE, self.keys("list", "--passphrase", f"pass:{PASSPHRASE}", ok=False).stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to become somebody else")
    def test_other_processes_of_the_user_cannot_look_into_it(self):
        nobody = 65534
        home = self.folder / "home"
        home.mkdir()
        os.chown(home, nobody, nobody)
        os.chmod(self.folder, 0o755)
        fifo = self.folder / "passphrase"
        os.mkfifo(fifo, 0o666)
        os.chmod(fifo, 0o666)
        with subprocess.Popen(["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups", BULKHEAD, "trust", "keys", "generate", "--passphrase", f"file:{fifo}"],
                              env=dict(os.environ, XDG_DATA_HOME=str(home)), stdout=subprocess.PIPE) as process:
            with open(fifo, "w", encoding="ascii") as writer:  # opens when it reads
                self.assertEqual(os.stat(f"/proc/{process.pid}/environ").st_uid, 0)  # not dumpable: it belongs to root
                self.assertRegex(pathlib.Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii"), r"Max core file size +0 +0")
                writer.write("secret\n")
            self.assertEqual(process.wait(60), 0)

    # ---- Crashes

    def opens(self, key, variables):
        out = self.folder / f"{random.random()}.pem"
        return any(self.keys("export", key, "--form", "plain", "--output", f"{out}{variable}", "--passphrase", f"env:{variable}", ok=False).returncode == 0 for variable in variables)

    def test_a_kill_at_any_step_leaves_whole_keys(self):
        """SIGKILL at each system call that changes a file, one run for each."""
        first = self.generate()
        killed = 0
        for command, calls in ((["generate", "--passphrase", "env:SECRET"], ("write", "fchmod", "fsync", "link", "unlink", "close")),
                               (["passwd", first, "--passphrase", "env:SECRET", "--new-passphrase", "env:NEXT"], ("write", "fchmod", "fsync", "rename", "unlink"))):
            for call in calls:
                for number in range(1, 60):
                    before = {key["id"] for key in self.listed()}
                    done = run("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}",
                               BULKHEAD, "trust", "keys", *command, env=dict(os.environ, **self.environment), ok=False)
                    after = {key["id"] for key in self.listed()}  # fails when a file is half a key
                    self.assertLessEqual(before, after)
                    if command[0] == "passwd" and done.returncode == 0:
                        self.keys("passwd", first, "--passphrase", "env:NEXT", "--new-passphrase", "env:SECRET")
                    if done.returncode == 0:
                        break
                    killed += 1
                    if command[0] == "passwd" and not self.opens(first, ["SECRET"]):
                        self.assertTrue(self.opens(first, ["NEXT"]))
                        self.keys("passwd", first, "--passphrase", "env:NEXT", "--new-passphrase", "env:SECRET")
        print(f"killed at {killed} system calls", file=sys.stderr)
        self.assertGreater(killed, 20)

    def test_a_hundred_kills_lose_no_key(self):
        """SIGKILL at a moment that nobody chose, a hundred times, while passphrases are changed to and fro and keys are made."""
        key = self.generate()
        made = {key}
        variables = ["SECRET", "NEXT"]
        environment = dict(os.environ, **self.environment)
        started = time.monotonic()
        self.keys("passwd", key, "--passphrase", "env:SECRET", "--new-passphrase", "env:SECRET")
        whole = time.monotonic() - started
        for number in range(100):
            command = ["generate", "--passphrase", "env:SECRET"] if number % 2 else ["passwd", key, "--passphrase", f"env:{variables[0]}", "--new-passphrase", f"env:{variables[1]}"]
            with subprocess.Popen([BULKHEAD, "trust", "keys", *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(random.uniform(0, whole / (4 if number % 2 else 1)))
                process.send_signal(signal.SIGKILL)
            now = {"store:" + each["id"] for each in self.listed()}
            self.assertLessEqual(made, now)
            made = now
            if not number % 2 and process.returncode == 0:
                variables.reverse()
        self.assertTrue(self.opens(key, variables))


if __name__ == "__main__":
    unittest.main(verbosity=2)
