"""Images from real engines: Debian's dockerd and Podman, each with its own data folder, dockerd in a network and mount
namespace of its own, so that neither sees the machine's and nothing stays behind."""

import json
import os
import shutil
import subprocess

from docker_engine import Engine, answers
from harness import Layout, Opened, Test, digest_of, equal, tar_of, need, noise, run, wait_until

LAYERS = [{"etc/os-release": b"ID=test\n"}, {"big": noise(3 << 20, 2)}]
DIFF_IDS = [digest_of(tar_of(files)) for files in LAYERS]


def start_podman(test):
    socket_path = test.path("podman.sock")
    process = test.start(["podman", *podman_folders(test), "system", "service", "--time", "0", f"unix://{socket_path}"], "podman.log")
    wait_until(lambda: answers(socket_path) or process.poll() is not None, "podman")
    if process.poll() is not None:
        raise AssertionError("podman did not start: " + open(test.path("podman.log")).read()[-2000:])
    return socket_path


def podman_folders(test):
    return ["--root", test.path("podman-root"), "--runroot", test.path("podman-run"), "--storage-driver", "vfs", "--cgroup-manager",
            "cgroupfs", "--tmpdir", test.path("podman-tmp")]


def main():
    need("dockerd", "podman", "skopeo", "curl", "unshare", root=True)
    with Test() as test:
        layout = Layout(test.path("layout"))
        layout.name(layout.image(LAYERS), "app")
        archive = test.path("app.tar")
        run(["skopeo", "copy", "--quiet", "--insecure-policy", f"oci:{layout.folder}:app", f"docker-archive:{archive}:team/app:1"])
        clean = {"PATH": os.environ["PATH"], "HOME": test.folder}

        def opened(reference, *more, **environment):
            return Opened([*more, reference], {**clean, **environment})

        def must_be_the_image(image):
            equal(image["diff_ids"], DIFF_IDS, "diff ids")
            read = {layer["sha256"] for layer in image["layers"]}
            if not read.issuperset(DIFF_IDS):
                raise AssertionError(f"layers {DIFF_IDS} are not among what was read: {read}")
            equal(image["platform"], "linux/amd64")

        # Docker Engine

        docker = Engine(test, "docker", {}, "--iptables=false", "--ip6tables=false", "--bridge=none").socket
        run(["curl", "-sf", "--unix-socket", docker, "-X", "POST", "-H", "Content-Type: application/x-tar", "--data-binary", f"@{archive}",
             "http://localhost/images/load"])
        inspected = json.loads(run(["curl", "-sf", "--unix-socket", docker, "http://localhost/images/team/app:1/json"]))
        at_docker = {"DOCKER_HOST": f"unix://{docker}"}

        def docker_image(reference):
            image = opened(f"docker:{reference}", **at_docker).must_succeed()
            must_be_the_image(image)
            equal(image["config"], inspected["Id"], "the configuration's digest, which is the engine's identifier")

        for name in ("team/app:1", "docker.io/team/app:1", inspected["Id"], inspected["Id"][7:19]):
            test.case(f"docker: {name[:30]}", docker_image, name)
        test.case("docker: the names that the engine knows", lambda: equal(
            opened(f"docker:{inspected['Id']}", **at_docker).must_succeed()["tags"], ["team/app:1"]))
        test.case("docker: no such image", lambda: opened("docker:team/none", **at_docker).must_fail("not_found", "No such image"))
        test.case("docker: another platform", lambda: opened("docker:team/app:1", "--platform", "linux/arm64", **at_docker).must_fail(
            "not_found", "linux/amd64", "remedy"))
        test.case("docker: an impossible name", lambda: opened("docker:../info", **at_docker).must_fail("invalid_argument"))
        test.case("docker: no socket", lambda: opened("docker:team/app:1", DOCKER_HOST=f"unix://{test.path('none.sock')}").must_fail(
            "not_found", "none.sock"))

        def refused():
            environment = {**clean, **at_docker}
            # nobody, without the socket's group; open_image must be reachable for it.
            shutil.copy(os.path.join(os.environ.get("BULKHEAD_BIN", "build/dev/bin"), "open_image"), test.path("open_image"))
            os.chmod(test.folder, 0o755)
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", test.path("open_image"), "docker:team/app:1"],
                                  capture_output=True, text=True, timeout=60, env=environment)
            if "permission_denied" not in done.stderr or "remedy" not in done.stderr:
                raise AssertionError(done.stderr)

        test.case("docker: a socket that is not ours", refused)

        def context():
            name = "e2e"
            identifier = digest_of(name.encode())[7:]
            test.write(f".docker/contexts/meta/{identifier}/meta.json", json.dumps({"Name": name, "Endpoints": {"docker": {"Host": f"unix://{docker}"}}}))
            test.write(".docker/config.json", json.dumps({"currentContext": name}))
            must_be_the_image(opened("docker:team/app:1").must_succeed())

        test.case("docker: the current context", context)

        # Podman

        podman = start_podman(test)
        run(["podman", *podman_folders(test), "load", "--quiet", "--input", archive])
        at_podman = {"CONTAINER_HOST": f"unix://{podman}"}
        for name in ("team/app:1", "docker.io/team/app:1"):
            test.case(f"podman: {name}", lambda name=name: must_be_the_image(opened(f"podman:{name}", **at_podman).must_succeed()))
        test.case("podman: no such image", lambda: opened("podman:team/none", **at_podman).must_fail("not_found"))
        test.case("podman by Docker's name", lambda: must_be_the_image(
            opened("docker:team/app:1", DOCKER_HOST=f"unix://{podman}").must_succeed()))
        names = [test.folder]
    with open("/proc/self/mounts") as mounts:
        test.case("nothing stays mounted", lambda: equal([line for line in mounts if names[0] in line], []))
    test.finish()


if __name__ == "__main__":
    main()
