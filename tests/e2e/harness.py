"""What the end-to-end tests share: temporary folders, free ports, child processes that are always ended by their id, small
images made from nothing, and the programs under test."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

BIN = os.environ.get("BULKHEAD_BIN", os.path.join(os.path.dirname(__file__), "../../build/dev/bin"))
SKIPPED = 77


def need(*programs, root=False):
    """Ends the test as skipped, saying why, when something that it needs is not there; as failed under CI, where nobody reads that."""
    missing = [program for program in programs if not find_program(program)]
    reason = f"not installed: {', '.join(missing)}" if missing else "needs root" if root and os.geteuid() != 0 else None
    if reason:
        required = os.environ.get("CI", "") not in ("", "0", "false")
        print("FAILED (CI is set):" if required else "SKIPPED:", reason)
        sys.exit(1 if required else SKIPPED)


def find_program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"timed out waiting for {what}")


def accepts_connections(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Test:
    """A context: everything started or made through it is gone afterwards, whatever happens."""

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.folder = tempfile.mkdtemp(prefix="bulkhead-e2e-")
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.failures = 0
        self.ran = 0
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return self

    def __exit__(self, kind, value, traceback):
        self.stack.close()
        return False

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def start(self, arguments, log, **more):
        """A child process; it is asked to end (then made to) when the context ends."""
        log_file = open(self.path(log), "w")
        process = subprocess.Popen(arguments, stdout=log_file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **more)
        log_file.close()
        self.stack.callback(stop, process)
        return process

    def case(self, name, function, *arguments):
        """Runs one case; a failure is reported and the others run all the same."""
        self.ran += 1
        started = time.monotonic()
        try:
            function(*arguments)
            print(f"ok   {name} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as error:  # noqa: BLE001: every failure of a case is one
            self.failures += 1
            print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)

    def finish(self):
        print(f"{self.ran - self.failures} of {self.ran} cases passed")
        sys.exit(1 if self.failures or not self.ran else 0)


def stop(process, seconds=30):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(arguments, **more):
    """Runs to the end; raises with the output when it fails."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


class Opened:
    """What the program open_image said."""

    def __init__(self, arguments, environment):
        done = subprocess.run([os.path.join(BIN, "open_image"), *arguments], capture_output=True, text=True, timeout=300,
                              env=environment)
        self.ok = done.returncode == 0
        self.error = done.stderr
        self.image = json.loads(done.stdout) if self.ok else None
        if done.returncode not in (0, 1):
            raise AssertionError(f"open_image ended with {done.returncode}: {done.stderr}")

    def must_succeed(self):
        if not self.ok:
            raise AssertionError(self.error.strip())
        return self.image

    def must_fail(self, *texts, without=()):
        if self.ok:
            raise AssertionError("it succeeded")
        for text in texts:
            if text not in self.error:
                raise AssertionError(f"'{text}' is not in: {self.error.strip()}")
        for text in without:
            if text in self.error:
                raise AssertionError(f"'{text}' is in the error")
        return self.error


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} is not {expected!r}")


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def noise(size, seed):
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size)


class Layout:
    """An OCI image layout in a folder, written by hand, so that what is in it is known to the byte."""

    def __init__(self, folder):
        self.folder = folder
        self.manifests = []
        os.makedirs(os.path.join(folder, "blobs/sha256"))
        with open(os.path.join(folder, "oci-layout"), "w") as file:
            json.dump({"imageLayoutVersion": "1.0.0"}, file)

    def blob(self, data):
        digest = digest_of(data)
        with open(os.path.join(self.folder, "blobs/sha256", digest[7:]), "wb") as file:
            file.write(data)
        return {"digest": digest, "size": len(data)}

    def image(self, layers, architecture="amd64", operating_system="linux"):
        """layers: list of {name: content}; gzip'd. The descriptor of the manifest."""
        diff_ids, descriptors = [], []
        for files in layers:
            tar = tar_of(files)
            diff_ids.append(digest_of(tar))
            descriptors.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                                **self.blob(gzip.compress(tar, 1, mtime=0))})
        config = {"architecture": architecture, "os": operating_system, "config": {"Env": ["PATH=/bin"]},
                  "rootfs": {"type": "layers", "diff_ids": diff_ids},
                  "history": [{"created": "2026-01-01T00:00:00Z", "created_by": f"step {i + 1}"} for i in range(len(layers))]}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **self.blob(json.dumps(config).encode())},
                    "layers": descriptors}
        return {"mediaType": manifest["mediaType"], **self.blob(json.dumps(manifest).encode())}

    def index(self, descriptors):
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": descriptors}
        return {"mediaType": index["mediaType"], **self.blob(json.dumps(index).encode())}

    def name(self, descriptor, tag):
        self.manifests.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}})
        with open(os.path.join(self.folder, "index.json"), "w") as file:
            json.dump({"schemaVersion": 2, "manifests": self.manifests}, file)

    def read(self, digest):
        with open(os.path.join(self.folder, "blobs/sha256", digest[7:]), "rb") as file:
            return file.read()


class CuttingProxy:
    """A TCP proxy that notes what the client says, and cuts each connection after a number of bytes of the answer, as
    often as it is told to."""

    def __init__(self, target_port, cuts, after_bytes):
        self.target_port = target_port
        self.cuts_left = cuts
        self.after_bytes = after_bytes
        self.said = b""
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target_port))
            threading.Thread(target=self.upstream, args=(client, server), daemon=True).start()
            threading.Thread(target=self.downstream, args=(client, server), daemon=True).start()

    def upstream(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                with self.lock:
                    self.said += data
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def downstream(self, client, server):
        passed = 0
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                passed += len(data)
                with self.lock:
                    cut = self.cuts_left > 0 and passed > self.after_bytes
                    self.cuts_left -= cut
                if cut:
                    break
                client.sendall(data)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def ranges(self):
        with self.lock:
            return [line.split(b": ", 1)[1].decode() for line in self.said.split(b"\r\n") if line.lower().startswith(b"range: ")]

    def close(self):
        self.listener.close()
