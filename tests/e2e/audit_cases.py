"""What bulkhead audit must answer, as tables: containers, images, settings and files, good ones and bad ones."""

# ---- Containers

# Passes every check of containers but those that this machine, or a person, decides.
HARDENED = ["--user", "1000:1000", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "64m", "--pids-limit",
            "50", "--cpus", "0.5", "--restart", "on-failure:5", "--health-cmd", "true", "--network", "none", "--cgroupns", "private", "--ipc",
            "private"]
HARDENED_BUT = {
    "container.apparmor": {"pass", "not_applicable"},  # as the kernel has it
    "container.selinux": {"pass", "not_applicable"},
    "container.user-namespace": {"fail"},  # is the engine's setting
    "container.ulimits": {"manual"},
    "container.image-current": {"manual"},
}

# What each hostile container is started with ("run") or made with ("create"), and the checks that fail because of it.
HOSTILE = {
    "plain": ("run", [], "container.memory-limit container.cpu-limit container.pids-limit container.read-only-root container.health-check "
                         "container.dropped-capabilities container.no-new-privileges container.default-bridge container.user "
                         "container.user-namespace"),
    "user-0-0": ("run", ["--user", "0:0"], "container.user"),
    "user-called-otherwise": ("run", ["--user", "toor"], "container.user"),
    "weight-of-everybody": ("create", ["--cpu-shares", "1024"], "container.cpu-limit"),
    "pids-without-limit": ("create", ["--pids-limit", "-1"], "container.pids-limit"),
    "gives-no-way": ("create", ["--oom-score-adj", "-500"], "container.out-of-memory"),
    "cgroup-parent": ("run", ["--cgroup-parent", "/elsewhere"], "container.cgroup-parent"),
    "restart-always": ("run", ["--restart", "always"], "container.restart-policy"),
    "restart-unless-stopped": ("create", ["--restart", "unless-stopped"], "container.restart-policy"),
    "restart-on-any-failure": ("create", ["--restart", "on-failure"], "container.restart-policy"),
    "health-none": ("run", ["--no-healthcheck", "good:1"], "container.health-check"),
    "etc-by-volume": ("run", ["--mount", "type=volume,source=hidden,target=/host"], "container.sensitive-mounts"),
    "proc-by-volume": ("run", ["--mount", "type=volume,source=kernel,target=/innocent"], "container.sensitive-mounts"),
    "etc-by-overlay": ("run", ["--mount", "type=volume,source=overlaid,target=/innocent"], "container.sensitive-mounts"),
    "run-folder": ("run", ["--volume", "SOCKETFOLDER:/innocent"], "container.engine-socket"),
    "socket": ("run", ["--volume", "SOCKETFOLDER/docker.sock:/innocent:ro"], "container.engine-socket"),
    "link-to-etc": ("run", ["--volume", "LINK:/innocent:ro"], "container.sensitive-mounts"),
    "root-read-only": ("run", ["--volume", "/:/host:ro"], "container.host-root"),
    "shared-mount": ("create", ["--mount", "type=bind,source=/srv,target=/srv,bind-propagation=rshared"], "container.mount-propagation"),
    "pid-host": ("run", ["--pid", "host", "--label", "docker.bench.security"], "container.host-pid"),
    "pid-of-pid-host": ("run", ["--pid", "container:pid-host"], "container.host-pid"),
    "net-host": ("run", ["--network", "host"], "container.host-network"),
    "net-of-net-host": ("run", ["--network", "container:net-host"], "container.host-network"),
    "ipc-host": ("run", ["--ipc", "host"], "container.host-ipc"),
    "ipc-shareable": ("run", ["--ipc", "shareable"], "container.shareable-ipc"),
    "uts-host": ("run", ["--uts", "host"], "container.host-uts"),
    "cgroupns-host": ("run", ["--cgroupns", "host"], "container.host-cgroupns"),
    "privileged": ("create", ["--privileged"], "container.privileged container.capabilities container.seccomp container.system-paths"),
    "sys-admin": ("run", ["--cap-add", "sys_admin"], "container.capabilities"),
    "no-seccomp": ("run", ["--security-opt", "seccomp=unconfined"], "container.seccomp"),
    "new-privileges": ("run", ["--security-opt", "no-new-privileges:false"], "container.no-new-privileges"),
    "unmasked": ("run", ["--security-opt", "systempaths=unconfined"], "container.system-paths"),
    "all-devices": ("create", ["--device-cgroup-rule", "a *:* rwm"], "container.devices"),
    "kernel-log": ("create", ["--device", "/dev/kmsg"], "container.devices"),
    "disk-group": ("create", ["--group-add", "disk"], "container.groups"),
    "redirects": ("create", ["--sysctl", "net.ipv4.conf.all.accept_redirects=1"], "container.sysctls"),
    "published": ("run", ["--publish", "8080:80"], "container.port-address"),
    "published-v6": ("create", ["--publish", "[::]:8081:80"], "container.port-address"),
    "low-port": ("run", ["--publish", "127.0.0.1:443:443"], "container.privileged-ports"),
    "secret": ("run", ["--env", "DB_PASSWORD=hunter2"], "container.environment-secrets"),
    "group-of-disks": ("run", ["--group-add", "6"], "container.groups"),
    "takes-redirects": ("run", ["--sysctl", "net.ipv4.conf.all.accept_redirects=1"], "container.sysctls"),
    "no-logs": ("create", ["--log-driver", "none"], "container.logging"),
    "latest": ("create", ["base:latest"], "container.image-tag"),
    "no-tag": ("create", ["base"], "container.image-tag"),
    "sshd": ("run", ["base:1", "/usr/sbin/sshd", "1000"], "container.ssh-daemon"),
}

# Of Podman, made and not started: words, and which checks of containers say what.
ON_PODMAN = {
    "hardened": ([*HARDENED, "localhost/good:1"], {
        "pass": "user privileged host-network host-pid host-uts capabilities dropped-capabilities no-new-privileges seccomp host-root "
                "sensitive-mounts engine-socket memory-limit pids-limit cpu-limit read-only-root restart-policy health-check "
                "environment-secrets image-tag open-ports default-bridge logging"}),
    "hostile": (["--pid", "host", "--ipc", "host", "--uts", "host", "--network", "host", "--cap-add", "SYS_ADMIN", "--security-opt",
                 "seccomp=unconfined", "--volume", "/:/host:ro", "--env", "DB_PASSWORD=hunter2", "--restart", "always", "localhost/base:1"], {
        "fail": "user host-network host-pid host-uts capabilities dropped-capabilities no-new-privileges seccomp host-root sensitive-mounts "
                "engine-socket memory-limit cpu-limit read-only-root restart-policy health-check environment-secrets",
        "not_applicable": "ssh-daemon"}),
    "privileged": (["--privileged", "localhost/base:1"], {"fail": "privileged capabilities seccomp system-paths"}),
}

# ---- Images

ROOT = "/bin/sh -c #(nop) ADD file:0123456789abcdef in / "
IMAGE_CHECKS = ["image.user", "image.health-check", "image.update-alone", "image.add-instruction", "image.secrets",
                "image.package-verification", "image.download-to-shell"]
GOOD = {"User": "10001:10001", "Healthcheck": {"Test": ["CMD", "/bin/true"]}, "Env": ["PATH=/bin", "POSTGRES_PASSWORD_FILE=/run/secrets/db"]}


def run_step(command):
    return f"RUN /bin/sh -c {command} # buildkit"


# By tag: configuration, history, and which of IMAGE_CHECKS fail; the others pass.
IMAGES = {
    "clean:1": (GOOD, [ROOT, run_step("apt-get update && apt-get install --yes curl && rm -rf /var/lib/apt/lists/*"), "COPY app /app # buildkit",
                       run_step("curl --output x.sh https://example.com/x.sh && echo 0 x.sh | sha256sum --check && sh x.sh"), "USER 10001:10001"],
                []),
    "": (GOOD, [ROOT, "LABEL tag=none"], []),
    "user-none:1": ({**GOOD, "User": ""}, [ROOT], ["image.user"]),
    "user-zeros:1": ({**GOOD, "User": "00"}, [ROOT], ["image.user"]),
    "user-root-group:1": ({**GOOD, "User": "root:root"}, [ROOT], ["image.user"]),
    "user-0-1000:1": ({**GOOD, "User": "0:1000"}, [ROOT], ["image.user"]),
    "health-none:1": ({**GOOD, "Healthcheck": {"Test": ["NONE"]}}, [ROOT], ["image.health-check"]),
    "health-absent:1": ({"User": "10001"}, [ROOT], ["image.health-check"]),
    # Behind where `docker history` cuts.
    "update:1": (GOOD, [ROOT, run_step("echo 0123456789012345678901234567890123456789 && apt-get update")], ["image.update-alone"]),
    "add-url:1": (GOOD, [ROOT, "ADD https://example.com/tool /bin/tool # buildkit"], ["image.add-instruction"]),
    "add-file:1": (GOOD, [ROOT, "/bin/sh -c #(nop) ADD file:fedcba9876543210 in /etc/app.conf "], ["image.add-instruction"]),
    "secret-variable:1": ({**GOOD, "Env": ["DB_PASSWORD=hunter2"]}, [ROOT], ["image.secrets"]),
    "secret-argument:1": (GOOD, [ROOT, "|1 NPM_TOKEN=hunter2 /bin/sh -c npm ci"], ["image.secrets"]),
    "unverified:1": (GOOD, [ROOT, run_step("apt-get update && apt-get install --allow-unauthenticated --yes curl")],
                     ["image.package-verification"]),
    "piped:1": (GOOD, [ROOT, run_step("curl --silent --user me:hunter2 'https://example.com/x.sh?key=hunter2' | sh")],
                ["image.download-to-shell"]),
}

# ---- daemon.json: setting, check, and for values the status wanted; None: not set. The values of a column are set together.

ABSENT = None
SETTINGS = [
    ("icc", "daemon.icc", (True, "fail"), (False, "pass"), (ABSENT, "fail")),
    ("live-restore", "daemon.live-restore", (False, "fail"), (True, "pass"), (ABSENT, "fail")),
    ("log-level", "daemon.log-level", ("debug", "fail"), ("info", "pass"), (ABSENT, "fail")),
    ("debug", "daemon.log-level", (ABSENT, "fail"), (False, "pass"), (True, "fail")),
    ("userland-proxy", "daemon.userland-proxy", (True, "fail"), (False, "pass"), (ABSENT, "fail")),
    ("no-new-privileges", "daemon.no-new-privileges", (False, "fail"), (True, "pass"), (ABSENT, "fail")),
    ("iptables", "daemon.iptables", (False, "fail"), (True, "pass"), (ABSENT, "pass")),
    ("insecure-registries", "daemon.insecure-registries", (["registry.example:5000"], "fail"), (ABSENT, "pass"), (["192.0.2.0/24"], "fail")),
    ("default-ulimits", "daemon.default-ulimits", (ABSENT, "manual"), ({"nofile": {"Name": "nofile", "Hard": 1024, "Soft": 1024}}, "pass"),
     (ABSENT, "manual")),
    ("cgroup-parent", "daemon.cgroup-parent", ("/elsewhere", "manual"), (ABSENT, "pass"), ("", "pass")),
    ("log-driver", "daemon.logging", ("json-file", "fail"), ("syslog", "pass"), ("syslog", "manual")),
    ("log-opts", "daemon.logging", (ABSENT, "fail"), ({"syslog-address": "udp://192.0.2.1:514"}, "pass"),
     ({"syslog-address": "unixgram:///dev/null"}, "manual")),
    ("seccomp-profile", "daemon.seccomp", ("OWNPROFILE", "manual"), (ABSENT, "pass"), (ABSENT, "pass")),
    ("experimental", "daemon.experimental", (True, "fail"), (False, "pass"), (ABSENT, "pass")),
    ("authorization-plugins", "daemon.authorization", (ABSENT, "fail"), (["PLUGIN"], "pass"), (ABSENT, "fail")),
    ("userns-remap", "daemon.userns-remap", (ABSENT, "fail"), (ABSENT, "fail"), ("nobody:nogroup", "pass")),
    # Of the containers that are made then.
    ("no-new-privileges", "container.no-new-privileges", (False, "fail"), (True, "pass"), (ABSENT, "fail")),
    ("default-ipc-mode", "container.shareable-ipc", ("shareable", "fail"), ("private", "pass"), (ABSENT, "pass")),
    ("default-cgroupns-mode", "container.host-cgroupns", ("host", "fail"), ("private", "pass"), ("private", "pass")),
    ("userns-remap", "container.user-namespace", (ABSENT, "fail"), (ABSENT, "fail"), ("nobody:nogroup", "pass")),
]

# ---- Files in /etc as the engine sees it: path, its two checks, and modes that are too much and right. 607 is less than 644 and than 660
# as a decimal number, and lets everybody write.

FILES = [
    ("docker", "file.config-directory", 0o757, 0o755),
    ("default/docker", "file.default-docker", 0o607, 0o644),
    ("sysconfig/docker", "file.sysconfig-docker", 0o607, 0o600),
    ("docker/certs.d/registry.example/ca.crt", "file.registry-certificates", 0o446, 0o444),
    ("systemd/system/docker.service", "file.docker-service", 0o607, 0o644),
    ("systemd/system/docker.socket", "file.docker-socket-unit", 0o607, 0o644),
]

# ---- What no real engine here can be made to say, and why.

NOT_HERE = {
    ("container.apparmor", "pass"): "the kernel has none",
    ("container.apparmor", "fail"): "the kernel has none",
    ("container.selinux", "pass"): "the kernel has none",
    ("container.selinux", "fail"): "the kernel has none",
    ("container.runtime", "fail"): "never fails",
    ("daemon.cgroup-parent", "fail"): "never fails",
    ("daemon.aufs", "fail"): "the kernel has none",
    ("daemon.devicemapper", "fail"): "would need a disk",
    ("daemon.base-device-size", "pass"): "is devicemapper's",
    ("daemon.base-device-size", "fail"): "is devicemapper's",
    ("daemon.direct-routing", "pass"): "engines before 28.2 have no such option",
    ("daemon.direct-routing", "fail"): "engines before 28.2 have no such option",
    ("daemon.forward-policy", "pass"): "engines before 28.0 have no such option",
    ("daemon.forward-policy", "fail"): "engines before 28.0 have no such option",
    ("daemon.seccomp", "fail"): "the engine takes no \"unconfined\", the kernel has seccomp",
    ("daemon.minimum-api-version", "pass"): "engines before 25.0 serve older ones",
    ("daemon.direct-routing", "pass"): "engines before 28.2 have no such option",
    ("daemon.direct-routing", "fail"): "engines before 28.2 have no such option",
    ("daemon.forward-policy", "pass"): "engines before 28.0 have no such option",
    ("daemon.forward-policy", "fail"): "engines before 28.0 have no such option",
    ("daemon.authorization-bypass", "pass"): "which builds of distributions have the fix, the number does not tell",
    ("daemon.authorization-bypass", "fail"): "which builds of distributions have the fix, the number does not tell",
}
