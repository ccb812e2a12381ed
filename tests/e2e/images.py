"""Real images for end-to-end tests: a Debian root made by debootstrap once for each run of the build folder, and images made
from it by umoci and skopeo. Nothing here is a fake."""
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess

BIN = os.environ.get("BULKHEAD_BIN", str(pathlib.Path(__file__).resolve().parents[2] / "build/dev/bin"))
BULKHEAD = os.environ.get("BULKHEAD", f"{BIN}/bulkhead")
# Kept between runs: making a Debian root takes half a minute.
WORK = pathlib.Path(os.environ.get("BULKHEAD_E2E_WORK", pathlib.Path(BIN).parent)) / "e2e-images"


def run(*command, ok=True, stdin=None, env=None, text=True):
    """Runs a command; with ok=True any other exit code than 0 is a failure that shows what it said."""
    done = subprocess.run([str(c) for c in command], input=stdin, capture_output=True, text=text, env=env, timeout=900, check=False)
    if ok and done.returncode != 0:
        raise AssertionError(f"{command} exited with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def bulkhead(*arguments, ok=True, stdin=None, env=None, text=True):
    """The program under test, with a cache of its own and never the network unless a test says so."""
    environment = dict(os.environ, XDG_CACHE_HOME=str(WORK / "cache"))
    environment.pop("NO_COLOR", None)  # what keeps colours out of a pipe must be the pipe
    environment.update(env or {})
    return run(BULKHEAD, *arguments, ok=ok, stdin=stdin, env=environment, text=text)


def scan_json(*arguments, **options):
    return json.loads(bulkhead("scan", "--format", "json", *arguments, **options).stdout)


@contextlib.contextmanager
def locked(name):
    """One process at a time makes a thing; ctest runs test files side by side."""
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def mirror():
    """The mirror that this machine installs packages from."""
    for source in [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]:
        if not source.is_file():
            continue
        for line in source.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] == ["deb"]:
                words = [w for w in words[1:] if not w.startswith("[") and not w.endswith("]")]
                if "security" not in words[0]:
                    return words[0]
            if words[:1] == ["URIs:"] and "security" not in words[1]:
                return words[1]
    return "http://deb.debian.org/debian"


def debian_root(suite="bookworm"):
    """A minimal Debian, as debootstrap makes it."""
    with locked(f"debootstrap-{suite}"):
        root = WORK / f"root-{suite}"
        if not (root / "complete").exists():
            shutil.rmtree(root, ignore_errors=True)
            partial = WORK / f"root-{suite}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            run("debootstrap", "--variant=minbase", suite, partial, mirror())
            (partial / "complete").touch()
            partial.rename(root)
        return root


def debian_layout(suite="bookworm"):
    """An OCI layout with one image, `debian:latest`, of two layers: the root, and one that installs and removes files."""
    root = debian_root(suite)
    with locked(f"layout-{suite}"):
        layout = WORK / f"layout-{suite}"
        if layout.exists():
            return layout
        partial = WORK / f"layout-{suite}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        run("umoci", "init", "--layout", partial)
        run("umoci", "new", "--image", f"{partial}:latest")
        run("umoci", "insert", "--image", f"{partial}:latest", "--history.created_by", "ADD root.tar /", root, "/")
        extra = WORK / f"extra-{suite}"
        extra.mkdir(exist_ok=True)
        (extra / "hello").write_text("hello\n", encoding="ascii")
        run("umoci", "insert", "--image", f"{partial}:latest", "--history.created_by", "COPY hello /opt/hello", extra / "hello", "/opt/hello")
        partial.rename(layout)
        return layout
