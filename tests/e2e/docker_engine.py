"""Docker engines for tests: Debian's dockerd with a data root, a socket, a network and a mount namespace of its own."""

import contextlib
import json
import os
import re
import shutil
import subprocess

from harness import digest_of, find_program, run, tar_of, wait_until


def answers(socket_path):
    done = subprocess.run(["curl", "-sf", "--max-time", "5", "--unix-socket", socket_path, "http://localhost/_ping"], capture_output=True)
    return done.returncode == 0


class Engine:
    """dockerd in namespaces of its own, which end with it, and its mounts with them."""

    def __init__(self, test, name, settings, *more, prepare=""):
        """`prepare`: a shell command that its namespaces see before it starts, as `mount`."""
        self.test, self.name, self.prepare = test, name, prepare
        self.socket = test.path(name, "docker.sock")
        self.config = test.write(f"{name}/daemon.json", json.dumps(settings))
        self.more = more
        self.start()

    def start(self):
        self.process = self.test.start(
            ["unshare", "--net", "--mount", "--fork", "--kill-child=SIGTERM", "sh", "-ec", f'ip link set lo up; {self.prepare or ":"}; exec "$@"', "sh",
             find_program("dockerd"), "--data-root", self.path("data"), "--exec-root", self.path("exec"), "--pidfile", self.path("docker.pid"), "--host",
             f"unix://{self.socket}", "--config-file", self.config, "--storage-driver", "vfs", *self.more], f"{self.name}.log",
            env={**os.environ, "HOME": self.test.folder, "DOCKER_CONFIG": self.test.path("none")})
        self.test.stack.callback(self.end)
        wait_until(lambda: answers(self.socket) or self.process.poll() is not None, "dockerd")
        if self.process.poll() is not None:
            with open(self.test.path(f"{self.name}.log")) as log:
                raise AssertionError("dockerd did not start: " + log.read()[-2000:])

    def path(self, name):
        return self.test.path(self.name, name)

    def pid(self):
        with open(self.path("docker.pid")) as file:
            return int(file.read())

    def stop(self):
        """dockerd itself, so that it ends its containerd and its containers; unshare follows it."""
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            os.kill(self.pid(), 15)
            self.process.wait(60)

    def end(self):
        """With its containers, which would outlive it where it restores them live."""
        with contextlib.suppress(AssertionError):
            containers = self.docker("ps", "--all", "--quiet").split()
            if containers:
                self.docker("rm", "--force", "--volumes", *containers)
        self.stop()

    def configure(self, settings):
        self.stop()
        with open(self.config, "w") as file:
            json.dump(settings, file)
        self.start()

    def docker(self, *arguments):
        return run(["docker", "--host", f"unix://{self.socket}", *arguments], env={**os.environ, "DOCKER_CONFIG": self.test.path("none")}).strip()


def namespace(engine):
    """What runs the rest of a command in the engine's network."""
    return ["nsenter", "--net", "--target", str(engine.pid())]


def cable(switch, engine, name, address):
    """Connects an engine, which gets that address, to the bridge `swarm` of another one."""
    run([*namespace(switch), "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(engine.pid())])
    run([*namespace(switch), "ip", "link", "set", name, "master", "swarm", "up"])
    run([*namespace(engine), "ip", "address", "add", address, "dev", "eth0"])
    run([*namespace(engine), "ip", "link", "set", "eth0", "up"])


def base_images(test, engine):
    """base:1, the machine's own sleep and what it needs, under two names of which one is sshd; good:1, the same with a user and a health
    check."""
    root = test.path("root")
    files = {"/bin/sleep": ["bin/sleep", "usr/sbin/sshd"]}
    for line in run(["ldd", "/bin/sleep"]).splitlines():
        library = re.search(r"(/\S+) \(0x", line)
        if library:
            files[library.group(1)] = [library.group(1).lstrip("/")]
    for source, targets in files.items():
        for target in targets:
            os.makedirs(os.path.dirname(os.path.join(root, target)), exist_ok=True)
            shutil.copy(source, os.path.join(root, target))
    os.makedirs(os.path.join(root, "etc"), exist_ok=True)
    with open(os.path.join(root, "etc/passwd"), "w") as file:
        file.write("root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
    archive = test.path("root.tar")
    run(["tar", "-C", root, "-cf", archive, "."])
    engine.docker("import", archive, "base:1")
    engine.docker("import", "--change", "USER 1000", "--change", "HEALTHCHECK CMD true", archive, "good:1")


def load_images(test, engine, images):
    """Loads images written by hand, of the file system of base_images(): by tag (of none: ""), configuration and what their history says.
    Their identifiers by tag."""
    with open(test.path("root.tar"), "rb") as file:
        layer = file.read()
    files, manifest, identifiers = {"layer.tar": layer}, [], {}
    for tag, (config, history) in images.items():
        steps = [{"created": "2026-01-01T00:00:00Z", "created_by": step, "empty_layer": number > 0} for number, step in enumerate(history)]
        document = json.dumps({"architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z", "config": config, "history": steps,
                               "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}}).encode()
        identifiers[tag] = digest_of(document)
        files[f"{identifiers[tag][7:]}.json"] = document
        manifest.append({"Config": f"{identifiers[tag][7:]}.json", "RepoTags": [tag] if tag else None, "Layers": ["layer.tar"]})
    files["manifest.json"] = json.dumps(manifest).encode()
    with open(test.path("images.tar"), "wb") as file:
        file.write(tar_of(files))
    engine.docker("load", "--input", test.path("images.tar"))
    return identifiers
