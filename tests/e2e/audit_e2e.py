"""bulkhead audit against a real Docker Engine that this test starts (own data root, socket, network and mount namespace): a hardened
container, a hostile one for each fault, daemon.json with its settings on and off, a real Swarm of one node, Podman, engines that hang;
and that nothing changes and no program is run by it."""

import hashlib
import json
import os
import re
import socket
import subprocess

from docker_engine import Engine, base_images
from harness import BIN, Test, equal, find_program, need, run, stop, wait_until

BULKHEAD = os.path.join(BIN, "bulkhead")
LAX = {"debug": True, "log-level": "debug", "live-restore": False}
STRICT = {"icc": False, "live-restore": True, "userland-proxy": False, "no-new-privileges": True, "log-level": "info",
          "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1024, "Soft": 1024}}, "log-driver": "syslog",
          "log-opts": {"syslog-address": "unixgram:///dev/null"}}


def audit(*arguments, expect=0, environment=None, wrapper=()):
    done = subprocess.run([*wrapper, BULKHEAD, "audit", *arguments], capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(environment or {})})
    if done.returncode != expect:
        raise AssertionError(f"exit {done.returncode}, not {expect}: {done.stderr.strip()[-1500:]}")
    return done


class Report:
    """One engine's part of the JSON answer."""

    def __init__(self, engine, *arguments, **more):
        self.text = audit("--host", f"unix://{engine.socket}", "--format", "json", *arguments, **more).stdout
        self.host = json.loads(self.text)["hosts"][0]

    def rows(self, check, name=None):
        found = [row for row in self.host["rows"] if row["check"] == check and (name is None or row["object"]["name"] == name)]
        if not found:
            raise AssertionError(f"no row of {check} for {name}")
        return found

    def status(self, check, name=None):
        statuses = {row["status"] for row in self.rows(check, name)}
        equal(len(statuses), 1, f"number of different statuses of {check} for {name}: {statuses}")
        return statuses.pop()

    def statuses(self):
        return {(row["check"], row["object"]["name"]): row["status"] for row in self.host["rows"]}


def certificates(test):
    """An authority, a server for 127.0.0.1 and a client, as DOCKER_CERT_PATH wants them."""
    os.makedirs(test.path("tls"), exist_ok=True)

    def openssl(*words):
        run(["openssl", *words], cwd=test.path("tls"))

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca-key.pem", "-out", "ca.pem")
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1"), ("", "extendedKeyUsage=clientAuth")):
        key, certificate = (f"{name}-key.pem", f"{name}.pem") if name else ("key.pem", "cert.pem")
        test.write("tls/extensions", extension)
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name or 'client'}", "-keyout", key, "-out", "request.pem")
        openssl("x509", "-req", "-days", "2", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile",
                "extensions", "-out", certificate)
    os.chmod(test.path("tls/server-key.pem"), 0o644)


# What each hostile container is started or made with, and the check that must fail because of it.
HARDENED = ["--user", "1000:1000", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "64m", "--pids-limit",
            "50", "--cpus", "0.5", "--restart", "on-failure:5", "--health-cmd", "true", "--network", "none", "--cgroupns", "private"]
STARTED = {
    "user-0-0": (["--user", "0:0"], "container.user"),
    "restart-always": (["--restart", "always"], "container.restart-policy"),
    "etc-by-volume": (["--mount", "type=volume,source=hidden,target=/host"], "container.sensitive-mounts"),
    "proc-by-volume": (["--mount", "type=volume,source=kernel,target=/innocent"], "container.sensitive-mounts"),
    "etc-by-overlay": (["--mount", "type=volume,source=overlaid,target=/innocent"], "container.sensitive-mounts"),
    "run-folder": (["--volume", "SOCKETFOLDER:/innocent"], "container.engine-socket"),
    "link-to-etc": (["--volume", "LINK:/innocent:ro"], "container.sensitive-mounts"),
    "root-read-only": (["--volume", "/:/host:ro"], "container.host-root"),
    "pid-host": (["--pid", "host", "--label", "docker.bench.security"], "container.host-pid"),
    "net-host": (["--network", "host"], "container.host-network"),
    "ipc-host": (["--ipc", "host"], "container.host-ipc"),
    "uts-host": (["--uts", "host"], "container.host-uts"),
    "sys-admin": (["--cap-add", "sys_admin"], "container.capabilities"),
    "no-seccomp": (["--security-opt", "seccomp=unconfined"], "container.seccomp"),
    "new-privileges": (["--security-opt", "no-new-privileges:false"], "container.no-new-privileges"),
    "published": (["--publish", "8080:80"], "container.port-address"),
    "low-port": (["--publish", "127.0.0.1:443:443"], "container.privileged-ports"),
    "secret": (["--env", "DB_PASSWORD=hunter2"], "container.environment-secrets"),
    "unmasked": (["--security-opt", "systempaths=unconfined"], "container.system-paths"),
    "device": (["--device", "/dev/null:/dev/disk"], None),
}


def main():
    need("dockerd", "docker", "curl", "unshare", "nsenter", "setpriv", "ip", "openssl", "strace", "tar", "ldd", root=True)
    with Test() as test:
        engine = Engine(test, "engine", LAX)
        base_images(test, engine)
        os.symlink("/etc", test.path("link"))
        engine.docker("volume", "create", "--opt", "type=proc", "--opt", "device=proc", "kernel")
        for folder in ("upper", "work"):
            os.makedirs(test.path(folder))
        engine.docker("volume", "create", "--opt", "type=overlay", "--opt", "device=overlay", "--opt",
                      f"o=lowerdir=/etc,upperdir={test.path('upper')},workdir={test.path('work')}", "overlaid")
        engine.docker("volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device=/etc", "hidden")
        engine.docker("run", "--detach", "--name", "hardened", *HARDENED, "good:1", "/bin/sleep", "1000")
        for name, (flags, _) in STARTED.items():
            flags = [flag.replace("SOCKETFOLDER", os.path.dirname(engine.socket)).replace("LINK", test.path("link")) for flag in flags]
            engine.docker("run", "--detach", "--name", name, *flags, "base:1", "/bin/sleep", "1000")
        engine.docker("run", "--detach", "--name", "sshd", "base:1", "/usr/sbin/sshd", "1000")
        engine.docker("create", "--name", "made-privileged", "--privileged", "base:1", "/bin/sleep", "1000")
        report = Report(engine)

        for name, (_, check) in STARTED.items():
            if check:
                test.case(f"{name}: {check} fails", lambda n=name, c=check: equal(report.status(c, n), "fail"))
                test.case(f"hardened: {check} passes", lambda c=check: equal(report.status(c, "hardened"), "pass"))
        test.case("a privileged container that was only created", lambda: equal(report.status("container.privileged", "made-privileged"), "fail"))
        test.case("a process called sshd", lambda: equal(report.status("container.ssh-daemon", "sshd"), "fail"))
        test.case("no sshd elsewhere", lambda: equal(report.status("container.ssh-daemon", "hardened"), "pass"))
        test.case("secrets stay secret", lambda: equal("hunter2" in report.text, False))

        def evidence_everywhere():
            for row in report.host["rows"]:
                if row["status"] in ("pass", "fail") and not row["evidence"]:
                    raise AssertionError(f"{row['check']} of {row['object']} {row['status']} without evidence")
                if row["status"] in ("not_applicable", "error") and not row["reason"]:
                    raise AssertionError(f"{row['check']} of {row['object']} {row['status']} without reason")
        test.case("every result has evidence or a reason", evidence_everywhere)
        test.case("nothing is an error here but what this machine cannot tell", lambda: equal(
            sorted({row["check"] for row in report.host["rows"] if row["status"] == "error" and not row["check"].startswith("host.audit-")}), []))

        # Who is fooled by a command line?

        def forged():
            before = report.statuses()
            decoy = test.start(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c",
                                "exec -a 'dockerd' sleep 1000 --icc=false"], "decoy.log")
            liar = subprocess.Popen(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c",
                                     "import time; time.sleep(1000)", "dockerd", "--icc=false", "--userns-remap=default",
                                     "--no-new-privileges", "--authorization-plugin=x", f"--host=unix://{engine.socket}"])
            try:
                equal(Report(engine).statuses(), before, "statuses beside forged command lines")
            finally:
                stop(liar)
                stop(decoy)
        test.case("a forged command line changes nothing", forged)

        # Read-only, and no child process

        def snapshot():
            state = {}
            containers = engine.docker("ps", "--all", "--quiet", "--no-trunc").split()
            for container in json.loads(engine.docker("inspect", *containers)):
                state["container", container["Name"]] = container
            for folder in ("/etc/docker", engine.path("data/containers"), engine.path("data/image"), engine.path("data/volumes")):
                for parent, _, names in os.walk(folder):
                    for name in names:
                        found = os.lstat(os.path.join(parent, name))
                        state[os.path.join(parent, name)] = (found.st_mode, found.st_uid, found.st_gid, found.st_size, found.st_mtime_ns,
                                                             found.st_ctime_ns)
            state["daemon.json"] = os.lstat(engine.config).st_ctime_ns
            for kind in ("image", "network", "volume"):
                state[kind] = engine.docker(kind, "ls", "--quiet")
            return state

        def changes_nothing():
            health = engine.docker("update", "--restart", "no", "restart-always")  # would restart by itself
            equal(health, "restart-always")
            engine.docker("rm", "--force", "hardened")  # its health check writes its state
            before = snapshot()
            since = engine.docker("info", "--format", "{{.SystemTime}}")
            Report(engine)
            until = engine.docker("info", "--format", "{{.SystemTime}}")
            after = snapshot()
            equal(sorted(str(key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)), [], "what changed")
            equal(engine.docker("events", "--since", since, "--until", until), "", "events of the engine")
        test.case("nothing changes", changes_nothing)

        def no_child():
            trace = test.path("trace")
            Report(engine, wrapper=["strace", "-f", "-qq", "-e", "trace=execve,execveat,fork,vfork,clone,clone3", "-o", trace])
            with open(trace) as file:
                lines = file.read().splitlines()
            equal(len([line for line in lines if "execve" in line]), 1, "programs executed")
            for line in lines:
                if re.search(r"\b(v?fork|clone3?)\(", line) and "CLONE_THREAD" not in line:
                    raise AssertionError(f"a child process: {line}")
        test.case("no child process", no_child)

        # daemon.json on and off

        def lax():
            for check, status in {"daemon.icc": "fail", "daemon.live-restore": "fail", "daemon.log-level": "fail", "daemon.userland-proxy": "fail",
                                  "daemon.no-new-privileges": "fail"}.items():
                equal(report.status(check), status, check)
        test.case("daemon.json: off", lax)

        def strict():
            engine.configure(STRICT)
            after = Report(engine)
            for check in ("daemon.icc", "daemon.live-restore", "daemon.log-level", "daemon.userland-proxy", "daemon.no-new-privileges"):
                equal(after.status(check), "pass", check)
        test.case("daemon.json: on", strict)

        def modes():
            # As decimal numbers, 607 is less than 644 and than 660; its bits let everybody write.
            os.chmod(engine.config, 0o607)
            os.chmod(engine.socket, 0o607)
            os.chown(engine.config, 65534, 0)
            after = Report(engine)
            for check in ("file.daemon-json-mode", "file.daemon-json-owner", "file.docker-socket-mode"):
                equal(after.status(check), "fail", check)
            os.chmod(engine.config, 0o640)
            os.chmod(engine.socket, 0o660)
            os.chown(engine.config, 0, 0)
            after = Report(engine)
            for check in ("file.daemon-json-mode", "file.daemon-json-owner", "file.docker-socket-mode"):
                equal(after.status(check), "pass", check)
        test.case("modes are bits", modes)

        # Answers

        def schema():
            import jsonschema
            with open(os.path.join(os.path.dirname(__file__), "../../docs/schemas/audit-report.schema.json")) as file:
                jsonschema.validate(json.loads(report.text), json.load(file))
        test.case("JSON follows its schema", schema)
        test.case("--fail-on is met", lambda: audit("--host", f"unix://{engine.socket}", "--fail-on", "critical", expect=2))
        test.case("--fail-on is not met by what is not looked at", lambda: audit(
            "--host", f"unix://{engine.socket}", "--fail-on", "critical", "--check", "daemon.icc"))

        def exceptions():
            file = test.write("exceptions.yaml", "exceptions:\n  - check: container.privileged\n    object: made-*\n    reason: never started\n"
                              "    owner: e2e\n    expires: 2999-01-01\n  - check: container.user\n    object: none-such\n    reason: r\n    owner: o\n")
            excepted = audit("--host", f"unix://{engine.socket}", "--format", "json", "--exceptions", file)
            row = [row for row in json.loads(excepted.stdout)["hosts"][0]["rows"]
                   if row["check"] == "container.privileged" and row["object"]["name"] == "made-privileged"][0]
            equal(row["exempted"]["reason"], "never started")
            if "none-such" not in excepted.stdout + excepted.stderr:
                raise AssertionError("the unused exception is not told")
        test.case("exceptions", exceptions)

        def baseline():
            old = test.write("old.json", Report(engine).text)
            engine.docker("rm", "--force", "made-privileged")
            changes = json.loads(audit("--host", f"unix://{engine.socket}", "--format", "json", "--baseline", old).stdout)["hosts"][0]["changes"]
            if not any(change["check"] == "container.privileged" and change["object"]["name"] == "made-privileged" for change in changes):
                raise AssertionError(f"the container that is gone is no change: {changes[:5]}")
        test.case("baseline", baseline)

        def formats():
            outputs = {name: test.path(f"report.{name}") for name in ("table", "json", "sarif", "junit", "html")}
            audit("--host", f"unix://{engine.socket}", *[word for name, path in outputs.items() for word in ("--output", f"{name}={path}")])
            for path in outputs.values():
                if os.path.getsize(path) < 1000:
                    raise AssertionError(f"{path} is nearly empty")
        test.case("all formats at once", formats)

        # Engines that do not answer, and several at once

        def hanging():
            path = test.path("hanging.sock")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen(16)
                done = audit("--host", f"unix://{path}", "--host", f"unix://{engine.socket}", "--timeout", "2", "--format", "json")
                audit("--host", f"unix://{path}", "--host", f"unix://{engine.socket}", "--timeout", "2", "--fail-on", "critical", expect=1)
            hosts = json.loads(done.stdout)["hosts"]
            equal(len(hosts), 2)
            equal({row["status"] for row in hosts[0]["rows"] if row["check"] == "container.privileged"}, {"error"})
            equal("pass" in {row["status"] for row in hosts[1]["rows"]}, True)
        test.case("an engine that hangs, and one that does not", hanging)
        test.case("no such socket", lambda: audit("--host", f"unix://{test.path('none.sock')}", expect=1))
        test.case("DOCKER_HOST", lambda: audit("--only-failed", environment={"DOCKER_HOST": f"unix://{engine.socket}"}))

        def context():
            identifier = hashlib.sha256(b"e2e").hexdigest()
            test.write(f".docker/contexts/meta/{identifier}/meta.json",
                       json.dumps({"Name": "e2e", "Endpoints": {"docker": {"Host": f"unix://{engine.socket}"}}}))
            audit("--host", "context:e2e", "--check", "daemon.icc", environment={"HOME": test.folder})
            test.write(".docker/config.json", json.dumps({"currentContext": "e2e"}))
            done = audit("--check", "daemon.icc", "--format", "json", environment={"HOME": test.folder})
            equal(json.loads(done.stdout)["hosts"][0]["address"], f"unix://{engine.socket}")
        test.case("docker contexts", context)

        # TCP without certificates, and a Swarm of one node

        def tcp_and_swarm():
            other = Engine(test, "open", LAX, "--host", "tcp://127.0.0.1:2375")
            inside = ["nsenter", "--net", "--target", str(other.pid())]
            equal(Report(other).status("swarm.autolock"), "not_applicable")
            other.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
            base_images(test, other)
            other.docker("network", "create", "--driver", "overlay", "plain")
            other.docker("network", "create", "--driver", "overlay", "--opt", "encrypted", "hidden")
            other.docker("service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--name", "shop", "--env",
                         "DB_PASSWORD=hunter2", "base:1", "/bin/sleep", "1000")
            swarm = Report(other, wrapper=inside)
            equal("hunter2" in swarm.text or "SWMTKN" in swarm.text, False, "secrets in the report")
            equal(swarm.status("daemon.api-tcp"), "fail")
            equal(swarm.status("daemon.tls"), "fail")
            for check in ("swarm.autolock", "swarm.managers"):
                equal(swarm.status(check), "fail", check)
            equal(swarm.status("swarm.encrypted-overlay", "plain"), "fail")
            equal(swarm.status("swarm.encrypted-overlay", "hidden"), "pass")
            equal(swarm.status("swarm.secrets", "shop"), "fail")
            equal(swarm.status("swarm.ca-certificate"), "manual")
            other.docker("swarm", "update", "--autolock=true", "--cert-expiry", "8760h")
            locked = Report(other)
            equal(locked.status("swarm.autolock"), "pass")
            equal(locked.status("swarm.node-certificates"), "fail")
            remote = json.loads(audit("--host", "tcp://127.0.0.1:2375", "--format", "json", wrapper=inside).stdout)["hosts"][0]
            equal({row["status"] for row in remote["rows"] if row["check"].startswith("file.")}, {"not_applicable"})
            other.end()
        test.case("TCP without certificates, and a Swarm", tcp_and_swarm)

        def tls():
            certificates(test)
            server = [f"--tlscacert={test.path('tls/ca.pem')}", f"--tlscert={test.path('tls/server.pem')}",
                      f"--tlskey={test.path('tls/server-key.pem')}", "--host", "tcp://127.0.0.1:2376"]
            one_sided = Engine(test, "one-sided", LAX, "--tls", "--tlsverify=false", *server)
            inside = ["nsenter", "--net", "--target", str(one_sided.pid())]
            report = Report(one_sided, wrapper=inside)
            equal(report.status("daemon.tls"), "fail", "TLS that asks for no certificate")
            equal(report.status("file.tls-key-mode"), "fail", "a key that everybody may read")
            one_sided.end()
            os.chmod(test.path("tls/server-key.pem"), 0o400)
            mutual = Engine(test, "mutual", LAX, "--tlsverify", *server)
            inside = ["nsenter", "--net", "--target", str(mutual.pid())]
            report = Report(mutual, wrapper=inside)
            equal(report.status("daemon.tls"), "pass", "TLS that asks for a certificate")
            equal(report.status("file.tls-key-mode"), "pass")
            with_certificates = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": test.path("tls"), "DOCKER_HOST": "tcp://127.0.0.1:2376"}
            remote = json.loads(audit("--format", "json", wrapper=inside, environment=with_certificates).stdout)["hosts"][0]
            equal({row["status"] for row in remote["rows"] if row["check"] == "host.audit-dockerd"}, {"not_applicable"})
            equal({row["status"] for row in remote["rows"] if row["check"] == "daemon.experimental"}, {"pass"})
            audit("--host", "tcp://127.0.0.1:2376", wrapper=inside, expect=1,
                  environment={"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nonexistent"})
            mutual.end()
        test.case("TCP with certificates, asked for and not", tls)

        if find_program("podman"):
            def podman():
                path = test.path("podman.sock")
                folders = ["--root", test.path("podman-root"), "--runroot", test.path("podman-run"), "--storage-driver", "vfs",
                           "--cgroup-manager", "cgroupfs", "--tmpdir", test.path("podman-tmp")]
                service = test.start(["podman", *folders, "system", "service", "--time", "0", f"unix://{path}"], "podman.log")
                wait_until(lambda: os.path.exists(path) or service.poll() is not None, "podman")
                host = json.loads(audit("--host", f"unix://{path}", "--format", "json").stdout)["hosts"][0]
                equal(host["engine"].startswith("Podman"), True, host["engine"])
                stop(service)
            test.case("Podman", podman)
        engine.end()
    test.finish()


if __name__ == "__main__":
    main()
