"""bulkhead audit against real Docker Engines that this test starts (own data root, socket, network and mount namespace): a hardened
container, a hostile one for each fault, images good and bad, daemon.json with its settings on and off, files, a Swarm of one node and of three
managers, TCP, Podman, engines that hang; and that nothing changes and no program is run by it. The tables are in audit_cases.py."""

import contextlib
import hashlib
import http.server
import json
import os
import re
import socket
import socketserver
import struct
import subprocess
import threading
import time

from audit_cases import ABSENT, FILES, HARDENED, HARDENED_BUT, HOSTILE, IMAGE_CHECKS, IMAGES, NOT_HERE, ON_PODMAN, SETTINGS
from docker_engine import Engine, base_images, cable, load_images, namespace
from harness import BIN, Test, equal, find_program, need, run, stop, wait_until

BULKHEAD = os.path.join(BIN, "bulkhead")
LAX = {"debug": True, "log-level": "debug", "live-restore": False}
asserted = set()  # check and status that cases asked for


def audit(*arguments, expect=0, environment=None, wrapper=()):
    done = subprocess.run([*wrapper, BULKHEAD, "audit", *arguments], capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(environment or {})})
    if done.returncode != expect:
        raise AssertionError(f"exit {done.returncode}, not {expect}: {done.stderr.strip()[-1500:]}")
    return done


class Report:
    """One engine's part of the JSON answer."""

    def __init__(self, engine, *arguments, address=None, **more):
        self.text = audit("--host", address or f"unix://{engine.socket}", "--format", "json", *arguments, **more).stdout
        self.host = json.loads(self.text)["hosts"][0]

    def rows(self, check, name=None):
        found = [row for row in self.host["rows"] if row["check"] == check and (name is None or row["object"]["name"] == name)]
        if not found:
            raise AssertionError(f"no row of {check} for {name}")
        return found

    def status(self, check, name=None):
        statuses = {row["status"] for row in self.rows(check, name)}
        equal(len(statuses), 1, f"number of different statuses of {check} for {name}: {statuses}")
        asserted.add((check, *statuses))
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


class Authorizer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """An authorization plugin that allows everything."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = json.dumps({"Implements": ["authz"]} if self.path == "/Plugin.Activate" else {"Allow": True}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    def __init__(self, test):
        self.name = f"bulkhead-e2e-{os.getpid()}"
        path = f"/run/docker/plugins/{self.name}.sock"  # the place that every engine looks at
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
            test.stack.callback(os.rmdir, os.path.dirname(path))
        super().__init__(path, self.Handler)
        test.stack.callback(os.unlink, path)
        test.stack.callback(self.server_close)
        test.stack.callback(self.shutdown)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("engine", 0)


def catalogue(*sections):
    """The checks that judge by themselves."""
    listed = re.findall(r"^  (\S+).*? level \d +\w+ +(manual )?", audit("--list", "--section", ",".join(sections)).stdout, re.MULTILINE)
    return [check for check, manual in listed if not manual]


def other_names(test, engine):
    """Folders of the host that the engine's mounts, and its volumes, have under other names; ordinary ones beside them."""
    def mount(*words):
        run(["nsenter", "--mount", "--root", "--target", str(engine.pid()), "mount", *words])

    def volume(name, kind, device, options):
        engine.docker("volume", "create", "--opt", f"type={kind}", "--opt", f"device={device}", "--opt", f"o={options}", name)
        return os.path.join(engine.path("data/volumes"), name, "_data")

    names = test.path("names")
    for folder in ("etc", "all/etc", "below/deep/root", "below-dev/dev", "data", "below-data/data", "again", "lower", "upper", "work", "merged"):
        os.makedirs(os.path.join(names, folder))
    for source, target in (("/etc", "etc"), ("/", "below/deep/root"), (f"{names}/data", "again"), (f"{names}/data", "below-data/data")):
        mount("--bind", source, os.path.join(names, target))
    mount("-t", "devtmpfs", "devtmpfs", os.path.join(names, "below-dev/dev"))
    mount("-t", "overlay", "overlay", "-o", f"lowerdir={names}/lower:/etc,upperdir={names}/upper,workdir={names}/work", os.path.join(names, "merged"))
    binds, idle, nodes = (volume(*words) for words in (
        ("binds", "none", "/etc", "bind"), ("idle", "none", "/etc", "bind"), ("nodes", "devtmpfs", "devtmpfs", "")))
    plain = volume("plain", "none", f"{names}/data", "bind")
    engine.docker("run", "--detach", "--name", "uses", "--volume", "binds:/x", "base:1", "/bin/sleep", "1000")
    # What of host-root and sensitive-mounts fails.
    cases = {f"{names}/etc": "s", f"{names}/etc/ssl": "s", f"{names}/below": "rs", f"{names}/below-dev": "s", f"{names}/merged": "s", binds: "s",
             idle: "s", nodes: "rs", os.path.dirname(idle): "s", f"{names}/below/deep/root/usr/share/doc:ro": "", f"{names}/data": "",
             f"{names}/again": "", f"{names}/below-data": "", plain: "", f"{names}/gone": ""}
    for number, source in enumerate(cases):
        bind, *mode = source.split(":")
        engine.docker("create", "--name", f"named-{number}", "--volume", ":".join([bind, "/inside", *mode]), "base:1", "/bin/sleep", "1000")
    engine.docker("create", "--name", "named-volume", "--volume", "own:/inside", "base:1", "/bin/sleep", "1000")
    if os.path.isdir(f"{names}/gone"):
        os.rmdir(f"{names}/gone")
    report = Report(engine, "--section", "containers", "--container", "named-*")
    for (source, faults), number in zip([*cases.items(), ("own", "")], [*range(len(cases)), "volume"]):
        for letter, check in (("r", "container.host-root"), ("s", "container.sensitive-mounts")):
            equal(report.status(check, f"named-{number}"), "fail" if letter in faults else "pass", f"{check} of {source}: {report.rows(check, f'named-{number}')}")
    engine.docker("rm", "--force", "uses", *(f"named-{number}" for number in [*range(len(cases)), "volume"]))


def main():
    need("dockerd", "docker", "curl", "unshare", "nsenter", "setpriv", "ip", "openssl", "strace", "tar", "ldd", root=True)
    with Test() as test:
        engine = Engine(test, "engine", LAX)
        base_images(test, engine)
        os.symlink("/etc", test.path("link"))
        engine.docker("tag", "base:1", "base:latest")
        engine.docker("volume", "create", "--opt", "type=proc", "--opt", "device=proc", "kernel")
        for folder in ("upper", "work"):
            os.makedirs(test.path(folder))
        engine.docker("volume", "create", "--opt", "type=overlay", "--opt", "device=overlay", "--opt",
                      f"o=lowerdir=/etc,upperdir={test.path('upper')},workdir={test.path('work')}", "overlaid")
        engine.docker("volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device=/etc", "hidden")
        engine.docker("run", "--detach", "--name", "hardened", *HARDENED, "good:1", "/bin/sleep", "1000")
        engine.docker("create", "--name", "by-digest", engine.docker("image", "inspect", "--format", "{{.Id}}", "base:1"), "/bin/sleep", "1000")
        for name, (how, words, _) in HOSTILE.items():
            words = [word.replace("SOCKETFOLDER", os.path.dirname(engine.socket)).replace("LINK", test.path("link")) for word in words]
            image = [] if re.match("base|good", words[-1] if words else "") or name == "sshd" else ["base:1"]
            program = [] if name == "sshd" else ["/bin/sleep", "1000"]
            engine.docker(how, *(["--detach"] if how == "run" else []), "--name", name, *words, *image, *program)
        engine.docker("network", "create", "--opt", "com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected", "unprotected")
        identifiers = load_images(test, engine, {tag: (config, history) for tag, (config, history, _) in IMAGES.items()})
        report = Report(engine)

        for name, (_, _, checks) in HOSTILE.items():
            for check in checks.split():
                test.case(f"{name}: {check} fails", lambda n=name, c=check: equal(report.status(c, n), "fail"))

        def hardened():
            for check in {row["check"] for row in report.host["rows"] if row["object"]["name"] == "hardened"}:
                status = report.status(check, "hardened")
                if status not in HARDENED_BUT.get(check, {"pass"}):
                    raise AssertionError(f"{check}: {status}: {report.rows(check, 'hardened')}")
        test.case("hardened: passes every check of containers that it can", hardened)
        test.case("networks by the mode of their gateways", lambda: equal(
            [report.status("daemon.network-gateways", name) for name in ("bridge", "unprotected")], ["pass", "fail"]))
        test.case("a container of an image by its digest", lambda: equal(report.status("container.image-tag", "by-digest"), "pass"))

        def images():
            for tag, (_, _, faults) in IMAGES.items():
                for check in IMAGE_CHECKS:
                    equal(report.status(check, tag or identifiers[tag]), "fail" if check in faults else "pass", f"{check} of {tag or 'no tag'}")
            for check in ("image.setuid-files", "image.content-trust", "image.signatures", "image.unneeded-packages"):
                equal(report.status(check), "manual", check)
            equal(report.status("image.patched", "clean:1"), "manual")
            equal(report.status("image.trusted-base", "clean:1"), "manual")
            unused = report.rows("operations.image-sprawl")[0]
            equal((unused["status"], "clean:1" in unused["evidence"][0]["found"]), ("manual", True), "unused images are named")
        test.case("images", images)
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

        test.case("folders of the host under other names", lambda: other_names(test, engine))

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
                state[kind] = sorted(engine.docker(kind, "ls", "--quiet").splitlines())
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

        # daemon.json on and off, and files

        os.chmod(test.folder, 0o711)  # users that are mapped must get to their store
        etc = test.path("etc")
        run(["cp", "--archive", "/etc", etc])
        for name in ("subuid", "subgid"):
            test.write(f"etc/{name}", "nobody:100000:65536\n")
        words = {"PLUGIN": Authorizer(test).name,
                 "OWNPROFILE": test.write("profile.json", json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}))}

        def settings_of(column):
            text = json.dumps({setting: values[column][0] for setting, _, *values in SETTINGS if values[column][0] is not ABSENT})
            for word, value in words.items():
                text = text.replace(word, value)
            return json.loads(text)
        other = Engine(test, "settings", settings_of(0), prepare=f"mount --bind {etc} /etc")

        def settings(column):
            if column:
                other.configure(settings_of(column))
            # Users that are mapped have a store of their own; what is sent to a far away syslog cannot start here.
            if column != 1:
                base_images(test, other)
            other.docker("rm", "--force", "probe")
            other.docker("create", "--name", "probe", "base:1", "/bin/sleep", "1000")
            if column == 2 and maps_users:
                other.docker("run", "--detach", "--name", "mapped", *HARDENED, "--log-driver", "local", "good:1", "/bin/sleep", "1000")
            after = Report(other)
            for setting, check, *values in SETTINGS:
                value, status = values[column]
                equal(after.status(check, "probe" if check.startswith("container.") else None), status, f"{check} with {setting} {value}")
            for check, status in {"daemon.configuration-in-effect": "pass", "daemon.api-tcp": "pass", "daemon.tls": "not_applicable",
                                  "daemon.minimum-api-version": "fail", "daemon.rootless": "manual", "daemon.aufs": "pass",
                                  "daemon.devicemapper": "pass", "daemon.base-device-size": "not_applicable"}.items():
                equal(after.status(check), status, check)
            # Without a plugin there is nothing to get past.
            equal(after.status("daemon.authorization-bypass"), "manual" if column == 1 else "not_applicable")
            if column == 2 and maps_users:
                equal(after.status("container.user-namespace", "mapped"), "pass")
        # The kernel makes none for processes in a chroot.
        maps_users = subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode == 0
        if not maps_users:
            print("SKIPPED: a container whose users are mapped: no user namespace can be made here")
        test.case("daemon.json: as it should not be", settings, 0)
        test.case("daemon.json: as it should be", settings, 1)
        test.case("daemon.json: defaults, and users mapped", settings, 2)

        def in_effect():
            later = time.time() + 60  # beyond what clocks may be apart
            os.utime(other.config, (later, later))
            equal(Report(other).status("daemon.configuration-in-effect"), "fail")
        test.case("daemon.json: changed after the start", in_effect)

        def access_list():
            # owner rw, nobody rw, group rw, mask rw, others none: the mode stays 0660.
            entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 6, 65534), (0x04, 6, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
            os.setxattr(other.socket, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries))
            named = Report(other)
            os.removexattr(other.socket, "system.posix_acl_access")
            equal((named.status("file.docker-socket-mode"), named.status("host.docker-group")), ("fail", "manual"))
            equal("user:nobody:rw-" in named.text, True, "the entry is evidence")
            equal(Report(other).status("file.docker-socket-mode"), "pass")
        test.case("files: whom an access list names", access_list)

        def files():
            paths = {check: (os.path.join(etc, path), bad, good) for path, check, bad, good in FILES}
            paths["file.daemon-json"] = (other.config, 0o607, 0o640)
            paths["file.docker-socket"] = (other.socket, 0o607, 0o660)
            paths["file.containerd-socket"] = (other.path("exec/containerd/containerd.sock"), 0o607, 0o660)
            for path, _, _ in paths.values():
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if not os.path.exists(path):
                    open(path, "w").close()
            for owner, status in ((65534, "fail"), (0, "pass")):
                for path, bad, good in paths.values():
                    os.chown(path, owner, owner and -1)
                    os.chmod(path, good if status == "pass" else bad)
                after = Report(other)
                for check in paths:
                    equal(after.status(f"{check}-mode"), status, f"{check}-mode")
                    equal(after.status(f"{check}-owner"), status, f"{check}-owner")
        test.case("files: owners, and modes by their bits", files)

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
            file = test.write("exceptions.yaml", "exceptions:\n  - check: container.privileged\n    object: privi*\n    reason: never started\n"
                              "    owner: e2e\n    expires: 2999-01-01\n  - check: container.user\n    object: none-such\n    reason: r\n    owner: o\n")
            excepted = audit("--host", f"unix://{engine.socket}", "--format", "json", "--exceptions", file)
            row = [row for row in json.loads(excepted.stdout)["hosts"][0]["rows"]
                   if row["check"] == "container.privileged" and row["object"]["name"] == "privileged"][0]
            equal(row["exempted"]["reason"], "never started")
            if "none-such" not in excepted.stdout + excepted.stderr:
                raise AssertionError("the unused exception is not told")
        test.case("exceptions", exceptions)

        def baseline():
            old = test.write("old.json", Report(engine).text)
            engine.docker("rm", "--force", "privileged")
            changes = json.loads(audit("--host", f"unix://{engine.socket}", "--format", "json", "--baseline", old).stdout)["hosts"][0]["changes"]
            if not any(change["check"] == "container.privileged" and change["object"]["name"] == "privileged" for change in changes):
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

        # TCP without certificates, and a Swarm

        def tcp():
            inside = ["nsenter", "--net", "--target", str(first.pid())]
            open_to_all = Report(first, wrapper=inside)
            equal(open_to_all.status("daemon.api-tcp"), "fail")
            equal(open_to_all.status("daemon.tls"), "fail")
            # Its folder is a mount of its own, and in memory.
            equal(open_to_all.status("host.separate-partition"), "fail")
            equal("tmpfs" in open_to_all.rows("host.separate-partition")[0]["evidence"][0]["found"], True, "the mount is named")
            remote = json.loads(audit("--host", "tcp://127.0.0.1:2375", "--format", "json", wrapper=inside).stdout)["hosts"][0]
            equal({row["status"] for row in remote["rows"] if row["check"].startswith("file.")}, {"not_applicable"})

        def swarm():
            base_images(test, first)
            before = Report(first)
            equal(before.status("daemon.swarm-mode"), "pass")
            equal({row["status"] for row in before.host["rows"] if row["check"].startswith("swarm.")}, {"not_applicable"})
            first.docker("swarm", "init", "--advertise-addr", "192.0.2.1")
            for name, options in (("plain", []), ("hidden", ["--opt", "encrypted"])):
                first.docker("network", "create", "--driver", "overlay", *options, name)
            bare = Report(first)
            for check in ("daemon.swarm-mode", "swarm.autolock", "swarm.managers", "swarm.listen-address", "swarm.data-path",
                          "swarm.encrypted-ingress"):
                equal(bare.status(check), "fail", check)
            for check in ("swarm.ca-certificate", "swarm.join-tokens"):
                equal(bare.status(check), "manual", check)
            equal(bare.status("swarm.autolock-key"), "not_applicable")
            equal(bare.status("swarm.encrypted-overlay", "plain"), "fail")
            equal(bare.status("swarm.encrypted-overlay", "hidden"), "pass")

            for name, variable in (("shop", "DB_PASSWORD=hunter2"), ("tidy", "DB_PASSWORD_FILE=/run/secrets/db")):
                first.docker("service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--name", name, "--env", variable,
                             "base:1", "/bin/sleep", "1000")
            first.docker("swarm", "update", "--autolock=true", "--cert-expiry", "8760h")
            locked = Report(first)
            equal("hunter2" in locked.text or "SWMTKN" in locked.text or "SWMKEY" in locked.text, False, "secrets in the report")
            equal(locked.status("daemon.swarm-mode"), "manual")
            equal(locked.status("swarm.secrets", "shop"), "fail")
            equal(locked.status("swarm.secrets", "tidy"), "pass")
            equal(locked.status("swarm.autolock"), "pass")
            equal(locked.status("swarm.autolock-key"), "manual")
            equal(locked.status("swarm.node-certificates"), "fail")

            # The tokens' age is known as a bound: the last change of the Swarm, which a rotation is.
            def tokens(told):
                return told.rows("swarm.join-tokens")[0]["evidence"][0]["found"]
            first.docker("swarm", "join-token", "--rotate", "worker")
            equal(tokens(Report(first)) != tokens(locked), True, "a rotation of tokens is seen")

        def three_managers():
            first.docker("swarm", "leave", "--force")
            run([*namespace(first), "ip", "address", "add", "198.51.100.1/32", "dev", "lo"])
            first.docker("swarm", "init", "--advertise-addr", "192.0.2.1", "--listen-addr", "192.0.2.1:2377", "--data-path-addr", "198.51.100.1")
            others = [Engine(test, f"manager-{number}", {**LAX, "iptables": False, "bridge": "none"}) for number in (2, 3)]
            for number, manager in enumerate(others, 2):
                cable(first, manager, f"swarm{number}", f"192.0.2.{number}/24")
                token = first.docker("swarm", "join-token", "--quiet", "manager")
                with contextlib.suppress(AssertionError):  # a busy machine goes on joining in the background
                    manager.docker("swarm", "join", "--advertise-addr", f"192.0.2.{number}", "--token", token, "192.0.2.1:2377")
                wait_until(lambda m=manager: m.docker("info", "--format", "{{.Swarm.ControlAvailable}}") == "true", "a manager to join", 120)
            run(["curl", "-sf", "--unix-socket", first.socket, "-X", "DELETE", "http://localhost/networks/ingress"])
            first.docker("network", "create", "--driver", "overlay", "--ingress", "--opt", "encrypted", "sealed")
            wait_until(lambda: "ingress" not in first.docker("network", "ls", "--format", "{{.Name}}").split(), "the end of the old network")
            three = Report(first, wrapper=namespace(first))
            for check in ("swarm.managers", "swarm.listen-address", "swarm.data-path", "swarm.node-certificates", "swarm.encrypted-ingress"):
                equal(three.status(check), "pass", check)
            # Two of three are no odd number, though one of them leads.
            first.docker("node", "demote", others[1].docker("info", "--format", "{{.Swarm.NodeID}}"))
            equal(Report(first).status("swarm.managers"), "fail")
            wait_until(lambda: others[1].docker("info", "--format", "{{.Swarm.ControlAvailable}}") == "false", "the demotion")
            equal("pass" in {row["status"] for row in Report(others[1]).host["rows"] if row["check"].startswith("swarm.")}, False)
            for manager in (*others[::-1], first):
                manager.docker("swarm", "leave", "--force")
                manager.end()

        os.makedirs(test.path("open/data"))
        first = Engine(test, "open", {**LAX, "iptables": False}, "--host", "tcp://127.0.0.1:2375",
                       prepare=f"mount -t tmpfs tmpfs {test.path('open/data')}")
        for words in (["link", "add", "swarm", "type", "bridge"], ["address", "add", "192.0.2.1/24", "dev", "swarm"], ["link", "set", "swarm", "up"]):
            run([*namespace(first), "ip", *words])
        test.case("TCP without certificates", tcp)
        test.case("a Swarm", swarm)
        test.case("a Swarm of three managers", three_managers)

        def tls():
            certificates(test)
            files = {"file.tls-ca": (test.path("tls/ca.pem"), 0o646, 0o444), "file.tls-certificate": (test.path("tls/server.pem"), 0o646, 0o444),
                     "file.tls-key": (test.path("tls/server-key.pem"), 0o644, 0o400)}
            for path, bad, _ in files.values():
                os.chown(path, 65534, -1)
                os.chmod(path, bad)
            server = [f"--tlscacert={test.path('tls/ca.pem')}", f"--tlscert={test.path('tls/server.pem')}",
                      f"--tlskey={test.path('tls/server-key.pem')}", "--host", "tcp://127.0.0.1:2376"]
            one_sided = Engine(test, "one-sided", LAX, "--tls", "--tlsverify=false", *server)
            inside = ["nsenter", "--net", "--target", str(one_sided.pid())]
            report = Report(one_sided, wrapper=inside)
            equal(report.status("daemon.tls"), "fail", "TLS that asks for no certificate")
            for check in files:
                equal((report.status(f"{check}-mode"), report.status(f"{check}-owner")), ("fail", "fail"), check)
            one_sided.end()
            for path, _, good in files.values():
                os.chown(path, 0, 0)
                os.chmod(path, good)
            mutual = Engine(test, "mutual", LAX, "--tlsverify", *server)
            inside = ["nsenter", "--net", "--target", str(mutual.pid())]
            report = Report(mutual, wrapper=inside)
            equal(report.status("daemon.tls"), "pass", "TLS that asks for a certificate")
            for check in files:
                equal((report.status(f"{check}-mode"), report.status(f"{check}-owner")), ("pass", "pass"), check)
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

                def call(*words):
                    return run(["podman", *folders, *words]).strip()
                call("import", test.path("root.tar"), "localhost/base:1")
                call("import", "--change", "USER 1000", test.path("root.tar"), "localhost/good:1")
                for name, (words, _) in ON_PODMAN.items():
                    call("create", "--name", name, *words, "/bin/sleep", "1000")
                host = Report(None, address=f"unix://{path}")
                equal(host.host["engine"].startswith("Podman"), True, host.host["engine"])
                for name, (_, wanted) in ON_PODMAN.items():
                    for status, checks in wanted.items():
                        for check in checks.split():
                            equal(host.status(f"container.{check}", name), status, f"container.{check} of {name}")
                # Podman before 4.4 calls the host's IPC namespace shareable.
                equal(host.status("container.host-ipc", "hostile") in ("fail", "error"), True, "the host's IPC namespace is no pass")
                equal("hunter2" in host.text, False, "secrets in the report")
                equal(host.status("image.user", "localhost/base:1"), "fail")
                equal(host.status("image.user", "localhost/good:1"), "pass")
                for check in ("daemon.live-restore", "daemon.icc", "daemon.authorization", "file.daemon-json-mode", "swarm.managers"):
                    equal(host.status(check), "not_applicable", check)
                stop(service)
            test.case("Podman", podman)
        engine.end()
        other.end()

        def everything():
            wanted = {(check, status) for check in catalogue("containers", "images", "daemon", "swarm", "files") for status in ("pass", "fail")}
            equal(sorted(wanted - asserted), sorted(NOT_HERE), "what no engine here was seen to say")
        if not test.failures:
            test.case("each check that judges was seen to pass and to fail here", everything)
    test.finish()


if __name__ == "__main__":
    main()
