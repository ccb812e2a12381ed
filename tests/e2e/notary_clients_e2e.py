"""Real clients against our server of Notary v1: Debian's docker with a real engine and registry, and the notary CLI."""

import contextlib
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time

from docker_engine import Engine, base_images, namespace
from harness import Test, equal, find_program, need, run, wait_until
from harness import stop as stop_process
from notary_servers import OurServer, make_certificate

PORT, REGISTRY = 4443, "localhost:5000"
# The one that still verifies: content trust left the docker CLI with version 29.
DOCKER = "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else "docker"
PASSPHRASES = {"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": "root passphrase", "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": "repository passphrase",
               "NOTARY_ROOT_PASSPHRASE": "root passphrase", "NOTARY_TARGETS_PASSPHRASE": "targets passphrase",
               "NOTARY_SNAPSHOT_PASSPHRASE": "snapshot passphrase", "NOTARY_DELEGATION_PASSPHRASE": "delegation passphrase"}


class House:
    """An engine, a registry and our server in one network of their own."""

    def __init__(self, test):
        self.test = test
        self.engine = Engine(test, "engine", {})
        base_images(test, self.engine)
        config = test.write("registry.yml", f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {test.path('registry')}\nhttp:\n  addr: 127.0.0.1:5000\n")
        self.registry = test.start([*namespace(self.engine), find_program("docker-registry"), "serve", config], "registry.log")
        self.server = OurServer(test, "ours", "--timestamp-days", "1", port=PORT, prefix=namespace(self.engine), wait=False)
        self.wait()

    def wait(self):
        wait_until(lambda: "serving trust data" in self.server.log_text() or self.server.process.poll() is not None, "our server")
        if self.server.process.poll() is not None:
            raise AssertionError(self.server.log_text())

    def restart(self, between=lambda: None, prefix=()):
        stop_process(self.server.process)
        between()
        self.server.prefix = [*namespace(self.engine), *prefix]
        self.server.start(wait=False)
        self.wait()

    @property
    def database(self):
        return self.test.path("ours.db")


class Docker:
    """A user of the docker CLI, with a folder of their own."""

    def __init__(self, house, name):
        self.house, self.folder = house, house.test.path("docker", name)
        authorities = os.path.join(self.folder, "tls", f"localhost:{PORT}")
        os.makedirs(authorities)
        shutil.copy(house.server.certificate, os.path.join(authorities, "ca.crt"))

    def __call__(self, *arguments, fails=False, trust=True):
        environment = {**os.environ, **PASSPHRASES, "DOCKER_CONFIG": self.folder, "DOCKER_CONTENT_TRUST": "1" if trust else "0",
                       "DOCKER_CONTENT_TRUST_SERVER": self.house.server.url, "HOME": self.folder}
        done = subprocess.run([*namespace(self.house.engine), DOCKER, "--host", f"unix://{self.house.engine.socket}", *arguments], capture_output=True, text=True,
                              timeout=120, env=environment, cwd=self.folder, stdin=subprocess.DEVNULL)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"docker {' '.join(arguments)}: exit {done.returncode}: {done.stdout} {done.stderr}")
        return done.stdout + done.stderr


class Notary:
    """A user of the notary CLI."""

    def __init__(self, house, name, copy_of=None):
        self.house, self.folder = house, house.test.path("notary", name)
        if copy_of:
            shutil.copytree(copy_of.folder, self.folder)
        else:
            os.makedirs(self.folder)

    def arguments(self, *arguments):
        return [*namespace(self.house.engine), "notary", "-d", self.folder, "-s", self.house.server.url, "--tlscacert", self.house.server.certificate, *arguments]

    def __call__(self, *arguments, fails=False):
        done = subprocess.run(self.arguments(*arguments), capture_output=True, text=True, timeout=120, env={**os.environ, **PASSPHRASES},
                              stdin=subprocess.DEVNULL)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"notary {' '.join(arguments)}: exit {done.returncode}: {done.stdout} {done.stderr}")
        return done.stdout + done.stderr

    def targets(self, gun):
        """Of `notary list`: name and digest."""
        return dict(re.findall(r"^(\S+)\s+([0-9a-f]{64})\s", self("list", gun), re.MULTILINE))


def target(house, name):
    return house.test.write(f"targets/{name}", f"contents of {name}\n")


def test_docker_pushes_and_pulls(house):
    alice, bob = Docker(house, "alice"), Docker(house, "bob")
    image = f"{REGISTRY}/team/app"
    house.engine.docker("tag", "base:1", f"{image}:1")
    house.engine.docker("tag", "good:1", f"{image}:2")
    if "Signing and pushing trust metadata" not in (said := alice("push", f"{image}:1")):
        raise AssertionError(said)
    house.engine.docker("rmi", f"{image}:1")
    pulled = bob("pull", f"{image}:1")
    digest = re.search(r"@(sha256:[0-9a-f]{64})", pulled)
    if not digest:
        raise AssertionError(pulled)
    bob("push", f"{image}:2", trust=False)
    refused = bob("pull", f"{image}:2", fails=True)
    if "No valid trust data for 2" not in refused:
        raise AssertionError(refused)
    shown = json.loads(bob("trust", "inspect", f"{image}:1"))
    equal(f"sha256:{shown[0]['SignedTags'][0]['Digest']}", digest[1], "digest that is signed")


def test_docker_trust_with_signers(house):
    alice = Docker(house, "owner")
    image = f"{REGISTRY}/team/signed"
    house.engine.docker("tag", "base:1", f"{image}:1")
    alice("trust", "key", "generate", "carol", "--dir", alice.folder)
    key = house.test.path("dave.pem")
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    os.chmod(key, 0o600)
    alice("trust", "key", "load", "--name", "dave", key)
    alice("trust", "signer", "add", "--key", os.path.join(alice.folder, "carol.pub"), "carol", image)
    signed = alice("trust", "sign", f"{image}:1")
    if "Successfully signed" not in signed:
        raise AssertionError(signed)
    shown = json.loads(Docker(house, "reader")("trust", "inspect", image))
    equal([(tag["SignedTag"], tag["Signers"]) for tag in shown[0]["SignedTags"]], [("1", ["carol"])], "signed tags")
    alice("trust", "revoke", f"{image}:1")
    shown = json.loads(Docker(house, "later-reader")("trust", "inspect", image))
    equal(shown[0]["SignedTags"], [], "signed tags after revoke")
    Docker(house, "puller")("pull", f"{image}:1", fails=True)


def test_notary_publishes_delegates_and_witnesses(house):
    gun = "registry.example/team/tools"
    owner, reader = Notary(house, "owner"), Notary(house, "reader")
    owner("init", gun)
    owner("add", gun, "v1", target(house, "v1"))
    owner("publish", gun)
    equal(list(reader.targets(gun)), ["v1"], "targets")
    key, certificate = house.test.path("delegate.key"), house.test.path("delegate.crt")
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "30", "-subj", "/CN=delegate"])
    owner("delegation", "add", gun, "targets/releases", certificate, "--all-paths")
    owner("publish", gun)
    owner("key", "import", key, "--role", "delegation", "--gun", gun)
    owner("add", gun, "v2", target(house, "v2"), "--roles", "targets/releases")
    owner("publish", gun)
    equal(sorted(reader.targets(gun)), ["v1", "v2"], "targets of both roles")
    owner("witness", gun, "targets/releases")
    owner("publish", gun)
    equal(sorted(reader.targets(gun)), ["v1", "v2"], "targets after witness")
    owner("delegation", "remove", gun, "targets/releases", "--yes")
    owner("publish", gun)
    equal(list(reader.targets(gun)), ["v1"], "targets without the delegation")


def test_keys_rotate(house):
    gun = "registry.example/team/rotated"
    owner, reader = Notary(house, "rotating"), Notary(house, "rotated-reader")
    owner("init", gun)
    owner("add", gun, "v1", target(house, "v1"))
    owner("publish", gun)
    equal(list(reader.targets(gun)), ["v1"], "targets")
    for arguments in [("snapshot", "-r"), ("timestamp", "-r"), ("targets",), ("snapshot",), ("snapshot", "-r"), ("root",), ("timestamp", "-r")]:
        role, *more = arguments
        done = subprocess.run(owner.arguments("key", "rotate", gun, role, *more), capture_output=True, text=True, timeout=120, input="yes\n",
                              env={**os.environ, **PASSPHRASES})
        equal(done.returncode, 0, f"key rotate {arguments}: {done.stdout} {done.stderr}")
        equal(list(reader.targets(gun)), ["v1"], f"targets after {arguments} was rotated, to who knew the old keys")
        equal(list(Notary(house, f"newcomer-{'-'.join(arguments)}-{time.monotonic_ns()}").targets(gun)), ["v1"], f"targets after {arguments}, to a newcomer")
    owner("add", gun, "v2", target(house, "v2"))
    owner("publish", gun)
    equal(sorted(reader.targets(gun)), ["v1", "v2"], "targets published with the new keys")


def test_deleted_repository_can_be_made_anew(house):
    gun = "registry.example/team/deleted"
    owner = Notary(house, "deleting")
    owner("init", gun)
    owner("add", gun, "v1", target(house, "v1"))
    owner("publish", gun)
    owner("delete", gun, "--remote")
    newcomer = Notary(house, "after-deletion")
    if "does not have trust data" not in (said := newcomer("list", gun, fails=True)):
        raise AssertionError(said)
    owner("init", gun)
    owner("add", gun, "v2", target(house, "v2"))
    owner("publish", gun)
    equal(list(newcomer.targets(gun)), ["v2"], "targets of the new one")


def test_expired_timestamp_is_renewed(house):
    """A server whose clock is almost a day late signs timestamps that are over ten seconds later; set right, it renews them."""
    gun = "registry.example/team/late"
    owner = Notary(house, "late")
    # Not through the program faketime, which would not pass a signal on.
    (library,) = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    house.restart(prefix=["env", f"LD_PRELOAD={library}", "FAKETIME=-86385s", "FAKETIME_DONT_FAKE_MONOTONIC=1"])
    owner("init", gun)
    owner("add", gun, "v1", target(house, "v1"))
    owner("publish", gun)
    time.sleep(17)
    if "expired" not in (said := Notary(house, "late-reader")("list", gun, fails=True)):
        raise AssertionError(said)
    house.restart()
    equal(list(Notary(house, "timely-reader").targets(gun)), ["v1"], "targets once the timestamp was renewed")


def timestamp_version(house, gun):
    done = run([*namespace(house.engine), "curl", "-sS", "--cacert", house.server.certificate, f"{house.server.url}/v2/{gun}/_trust/tuf/timestamp.json"])
    return json.loads(done)["signed"]["version"]


def test_replayed_and_forged_metadata_is_refused(house):
    gun = "registry.example/team/replayed"
    owner, reader = Notary(house, "victim"), Notary(house, "wary-reader")
    owner("init", gun)
    owner("add", gun, "v1", target(house, "v1"))
    owner("publish", gun)

    def keep():
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(house.database + suffix, house.test.path("old.db" + suffix))

    def put_back(name):
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(house.database + suffix)
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(house.test.path(name + suffix), house.database + suffix)

    house.restart(keep)
    before = timestamp_version(house, gun)
    owner("remove", gun, "v1")
    owner("add", gun, "v2", target(house, "v2"))
    owner("publish", gun)
    equal(list(reader.targets(gun)), ["v2"], "targets")
    house.restart(lambda: put_back("old.db"))
    equal(timestamp_version(house, gun), before, "version of the replayed timestamp")
    # A client that knows better keeps what it knows, or says what is wrong; it never goes back.
    done = subprocess.run(reader.arguments("list", gun), capture_output=True, text=True, timeout=120, env={**os.environ, **PASSPHRASES})
    if "v1" in done.stdout or (done.returncode == 0 and "v2" not in done.stdout):
        raise AssertionError(done.stdout + done.stderr)

    def forge():
        with contextlib.closing(sqlite3.connect(house.database)) as database:
            rows = database.execute("SELECT file.rowid, data FROM file JOIN repository ON repository.id = repository WHERE CAST(role AS TEXT) = 'timestamp' "
                                    "AND CAST(gun AS TEXT) = ?", (gun,)).fetchall()
            for row, data in rows:
                database.execute("UPDATE file SET data = ? WHERE rowid = ?", (re.sub(rb'"version":\d+', b'"version":99', data), row))
            database.commit()
            equal(len(rows) > 0, True, "timestamps to forge")

    house.restart(forge)
    equal(timestamp_version(house, gun), 99, "version of the forged timestamp")
    if "signatures" not in (said := Notary(house, "newcomer-to-forgery")("list", gun, fails=True)):
        raise AssertionError(said)


def test_two_publishers_at_once(house):
    gun = "registry.example/team/shared"
    first = Notary(house, "first")
    first("init", gun)
    first("publish", gun)
    second = Notary(house, "second", copy_of=first)
    for round_number in range(4):
        names = [f"a{round_number}", f"b{round_number}"]
        for client, name in zip((first, second), names):
            client("add", gun, name, target(house, name))
        running = [subprocess.Popen(client.arguments("publish", gun), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                    env={**os.environ, **PASSPHRASES}) for client in (first, second)]
        said = [process.communicate(timeout=120)[1] for process in running]
        codes = [process.returncode for process in running]
        if 0 not in codes:
            raise AssertionError(f"neither published: {said}")
        for client, code in zip((first, second), codes):
            if code != 0:
                client("publish", gun)  # what was staged is still there
        listed = Notary(house, f"judge-{round_number}").targets(gun)
        missing = [name for name in names if name not in listed]
        equal(missing, [], f"targets that were lost in round {round_number}, after {codes}")


def test_client_certificates(house):
    """Who may publish shows a certificate; who may not can still read."""
    test = house.test
    authority, authority_key = make_certificate(test, "authority")
    key, certificate = test.path("person.key"), test.path("person.pem")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=person", "-days",
         "9", "-CA", authority, "-CAkey", authority_key, "-addext", "extendedKeyUsage=clientAuth", "-addext", "basicConstraints=critical,CA:FALSE"])
    house.server.arguments = ("--client-ca", authority, "--anonymous-pull", "--quiet")
    house.restart()
    gun = "registry.example/team/guarded"
    anybody, person = Notary(house, "anybody"), Notary(house, "person")
    anybody("init", gun, fails=True)
    with_certificate = ["--tlscert", certificate, "--tlskey", key]
    person(*with_certificate, "init", gun)
    person(*with_certificate, "publish", gun)
    anybody("list", gun)
    anybody("delete", gun, "--remote", fails=True)
    anybody("list", gun)


def main():
    need("notary", "dockerd", "docker-registry", "openssl", "faketime", "unshare", "nsenter", "curl", root=True)
    with Test() as test:
        house = House(test)
        for case in (test_docker_pushes_and_pulls, test_docker_trust_with_signers, test_notary_publishes_delegates_and_witnesses, test_keys_rotate,
                     test_deleted_repository_can_be_made_anew, test_two_publishers_at_once, test_expired_timestamp_is_renewed,
                     test_replayed_and_forged_metadata_is_refused, test_client_certificates):
            test.case(case.__name__, case, house)
        test.finish()


if __name__ == "__main__":
    main()
