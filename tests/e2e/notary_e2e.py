"""Our server of Notary v1 beside Debian's notary-server: the same requests, and the same answers but for the differences listed here; hostile
requests; and a process that is killed in the middle of updates."""

import json
import random
import signal
import socket
import ssl
import threading
import time

from harness import Test, equal, need, run
from harness import stop as stop_process
from notary_servers import BOUNDARY, DebianServer, Key, OurServer, Publisher, multipart, normal_body, normal_headers, sign_file

GUN = "localhost:5999/x"
FORM = ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")

# Where our answer is another one on purpose: what the real server does, and why ours does not.
DIFFERENCES = {
    "broken multipart": ("it drops the connection (a nil pointer)", (400, "MALFORMED_UPLOAD")),
    "two parts of one role": ("it takes the last one and says nothing", (400, "MALFORMED_UPLOAD")),
    "double slash": ("it redirects to another path", (404, "METADATA_NOT_FOUND")),
    "dot segments": ("it redirects to another path", (404, "METADATA_NOT_FOUND")),
    "other method": ("no Allow", (405, "")),
    "changes going backward": ("it drops the connection (a slice out of range)", (200, '"count":')),
    "no changes": ('"records":null', (200, '"records":[]')),
    "huge version": ("it stores it, and the role is spoilt for ever", (400, "versions rise by 1000 at most")),
    "root leaves targets unsigned": ("it publishes what every client refuses", (400, "valid signatures did not meet threshold for targets")),
    "snapshot of an unknown role file": ("it publishes what every client refuses", (400, "sha256 checksum for targets/a did not match")),
    "key twice": ("another key each time", (200, "ed25519")),
    "deleted root again": ("it takes what was deleted", (400, "that was deleted")),
    "metrics": ("metrics of its own", (200, "bulkhead_notary_requests_total")),
}


def form(*files):
    return lambda _: ("POST", f"/v2/{GUN}/_trust/tuf/", multipart(files), [FORM])


def get(path):
    return lambda _: ("GET", path, None, [])


class State:
    """What a probe may need: a repository whose snapshots its publisher signs, and one that the server signs for."""

    def __init__(self, test, server):
        self.server = server
        self.own = Publisher(test, server, GUN, own_snapshot=True)
        self.files = self.own.first_files()
        self.own.publish(self.files)
        self.served = Publisher(test, server, "localhost:5999/served")
        self.served_files = self.served.first_files()
        self.served.publish(self.served_files)
        self.spoilt = Publisher(test, server, "localhost:5999/spoilt")
        self.spoilt.publish()
        self.other = Key(test, "localhost:5999/other")
        self.nobody = Key(test)

    def file(self, role):
        return dict(self.files)[role]

    def to_own(self, *files):
        return "POST", f"/v2/{GUN}/_trust/tuf/", multipart(files), [FORM]

    def to_served(self, *files):
        return "POST", "/v2/localhost:5999/served/_trust/tuf/", multipart(files), [FORM]

    def to_spoilt(self, *files):
        return "POST", "/v2/localhost:5999/spoilt/_trust/tuf/", multipart(files), [FORM]

    def to_new(self, *files):
        return "POST", "/v2/localhost:5999/new/_trust/tuf/", multipart(files), [FORM]

    def targets(self, **changes):
        return sign_file({**self.served.targets, **changes}, self.served.targets_key)

    def spoilt_targets(self, **changes):
        return sign_file({**self.spoilt.targets, **changes}, self.spoilt.targets_key)

    def root(self, **changes):
        return sign_file({**self.served.root, **changes}, self.served.root_key)


def spoilt(content):
    return content.replace(b'"version":1', b'"version":2')


def unknown_role_file(state):
    snapshot = json.loads(json.dumps(state.own.snapshot))
    snapshot["version"] = 2
    snapshot["meta"]["targets/a"] = {"length": 3, "hashes": {"sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}}
    return state.to_own(("snapshot", sign_file(snapshot, state.own.snapshot_key)))


def unsigned_targets(state):
    root = json.loads(json.dumps(state.spoilt.root))
    root["keys"][state.nobody.id] = state.nobody.listed
    root["roles"]["targets"]["keyids"] = [state.nobody.id]
    return state.to_spoilt(("root", sign_file({**root, "version": 2}, state.spoilt.root_key)))


# Requests by what they try; each is made of what that server has.
PROBES = {
    "ping": get("/v2/"),
    "ping without slash": get("/v2"),
    "health": get("/_notary_server/health"),
    "metrics": get("/metrics"),
    "head": lambda _: ("HEAD", "/v2/", None, []),
    "not multipart": lambda _: ("POST", f"/v2/{GUN}/_trust/tuf/", b"x", [("Content-Type", "application/json")]),
    "no boundary": lambda _: ("POST", f"/v2/{GUN}/_trust/tuf/", b"x", [("Content-Type", "multipart/form-data")]),
    "broken multipart": lambda _: ("POST", f"/v2/{GUN}/_trust/tuf/", b"x", [FORM]),
    "no filename": lambda _: ("POST", f"/v2/{GUN}/_trust/tuf/", multipart([("x", b"{}")]).replace(b'; filename="x"', b""), [FORM]),
    "empty filename": form(("", b"{}")),
    "bad role": form(("mirrors", b"{}")),
    "role that needs escapes": form(("a<b>&c", b"{}")),
    "role in capitals": form(("targets/Alice", b"{}")),
    "bad json": form(("root", b"not json")),
    "json of another kind": form(("root", b"[]")),
    "version of another kind": form(("root", b'{"signed":{"version":"1"}}')),
    "json without anything": form(("root", b"{}")),
    "two parts of one role": lambda state: state.to_served(("targets", state.targets()), ("targets", state.targets())),
    "same targets again": lambda state: state.to_own(("targets", state.file("targets"))),
    "same targets+snapshot again": lambda state: state.to_own(("targets", state.file("targets")), ("snapshot", state.file("snapshot"))),
    "same root again": lambda state: state.to_own(("root", state.file("root"))),
    "same root again, the server signing": lambda state: state.to_served(("root", state.root())),
    "with .json suffix": lambda state: state.to_own(("targets.json", state.file("targets")), ("snapshot.json", state.file("snapshot"))),
    "unsigned change": lambda state: state.to_own(("targets", spoilt(state.file("targets"))), ("snapshot", state.file("snapshot"))),
    "no signatures": lambda state: state.to_served(("targets", sign_file({**state.served.targets, "version": 2}))),
    "wrong signer": lambda state: state.to_served(("targets", sign_file({**state.served.targets, "version": 2}, state.nobody))),
    "new gun targets only": lambda state: state.to_new(("targets", state.targets())),
    "new gun other gun root": lambda state: state.to_new(("root", state.root()), ("targets", state.targets())),
    "new gun without timestamp key": lambda state: ("POST", "/v2/localhost:5999/other/_trust/tuf/", multipart([
        ("root", sign_file({**state.served.root, "keys": {**state.served.root["keys"], state.other.id: state.other.listed},
                            "roles": {**state.served.root["roles"], "root": {"keyids": [state.other.id], "threshold": 1},
                                      "snapshot": {"keyids": [state.served.targets_key.id], "threshold": 1},
                                      "timestamp": {"keyids": [state.nobody.id], "threshold": 1}}}, state.other)),
        ("targets", state.targets())]), [FORM]),
    "root +5": lambda state: state.to_served(("root", state.root(version=6))),
    "root of the future, signed by another": lambda state: state.to_served(("root", sign_file({**state.served.root, "version": 2}, state.nobody))),
    "root past its date": lambda state: state.to_served(("root", state.root(version=2, expires="2020-01-02T03:04:05Z"))),
    "targets past their date": lambda state: state.to_served(("targets", state.targets(version=2, expires="2020-01-02T03:04:05Z"))),
    "delegation w/o parent entry": lambda state: state.to_served(("targets/nope", state.targets())),
    "delegation w/o parent at all": lambda state: state.to_served(("targets/nope/deeper", state.targets())),
    "delegation that is nobody's child": lambda state: state.to_served(("targets", state.targets(version=2, delegations={
        "keys": {}, "roles": [{"name": "targets/a/b", "keyids": [], "threshold": 1, "paths": [""]}]}))),
    "timestamp upload": lambda state: state.to_own(("timestamp", b'{"signed":{"_type":"Timestamp","version":99}}')),
    "empty multipart": lambda state: state.to_own(),
    "empty multipart of an unknown gun": lambda state: state.to_new(),
    "snapshot past its date": lambda state: state.to_own(("snapshot", sign_file({**state.own.snapshot, "version": 2, "expires": "2020-01-02T03:04:05Z"},
                                                                                state.own.snapshot_key))),
    "snapshot of another signer": lambda state: state.to_own(("snapshot", sign_file({**state.own.snapshot, "version": 2}, state.nobody))),
    "GET unknown gun ts": get("/v2/localhost:5999/unknown/_trust/tuf/timestamp.json"),
    "DELETE unknown gun": lambda _: ("DELETE", "/v2/localhost:5999/unknown/_trust/tuf/", None, []),
    "POST v2": lambda _: ("POST", "/v2/", b"", []),
    "GET other": get("/other"),
    "PUT": lambda _: ("PUT", f"/v2/{GUN}/_trust/tuf/", b"", []),
    "other method": lambda _: ("PATCH", "/v2/", None, []),
    "star gun": get("/v2/a*b/_trust/tuf/root.json"),
    "empty gun": get("/v2/_trust/tuf/root.json"),
    "double slash": get("/v2//x/_trust/tuf/root.json"),
    "dot segments": get("/v2/a/../x/_trust/tuf/root.json"),
    "escaped colon": get("/v2/localhost%3A5999/served/_trust/tuf/root.json"),
    "key twice": lambda state: ("GET", "/v2/localhost:5999/keys/_trust/tuf/timestamp.key", None, []),
    "key of root": get(f"/v2/{GUN}/_trust/tuf/root.key"),
    "key rotated": lambda _: ("POST", "/v2/localhost:5999/keys/_trust/tuf/snapshot.key", b"", []),
    "root": get("/v2/localhost:5999/served/_trust/tuf/root.json"),
    "timestamp": get("/v2/localhost:5999/served/_trust/tuf/timestamp.json"),
    "snapshot": get("/v2/localhost:5999/served/_trust/tuf/snapshot.json"),
    "targets": get("/v2/localhost:5999/served/_trust/tuf/targets.json"),
    "ver 1 targets": get("/v2/localhost:5999/served/_trust/tuf/1.targets.json"),
    "ver 7 targets": get("/v2/localhost:5999/served/_trust/tuf/7.targets.json"),
    "unknown hash": get("/v2/localhost:5999/served/_trust/tuf/targets." + "a" * 64 + ".json"),
    "role that cannot be": get("/v2/localhost:5999/served/_trust/tuf/targets/A.b.json"),
    "mirrors": get("/v2/localhost:5999/served/_trust/tuf/mirrors.json"),
    "nothing of a gun": get("/v2/localhost:5999/served/_trust/tuf/"),
    "changes": get("/v2/localhost:5999/served/_trust/changefeed?records=5"),
    "changes of all": get("/v2/_trust/changefeed?records=100"),
    "changes after one": get("/v2/_trust/changefeed?records=1&change_id=1"),
    "changes going backward": get("/v2/localhost:5999/served/_trust/changefeed?records=-5"),
    "no changes": get("/v2/_trust/changefeed?records=5&change_id=1000"),
    "changes without a number": get("/v2/_trust/changefeed"),
    "changes of no number": get("/v2/_trust/changefeed?records=x"),
    "changes of a huge number": get("/v2/_trust/changefeed?records=99999999999"),
    "changes after no number": get("/v2/_trust/changefeed?records=5&change_id=a"),
    "new targets": lambda state: state.to_served(("targets", state.targets(version=2))),
    "timestamp after that": get("/v2/localhost:5999/served/_trust/tuf/timestamp.json"),
    "snapshot after that": get("/v2/localhost:5999/served/_trust/tuf/snapshot.json"),
    "delete": lambda _: ("DELETE", "/v2/localhost:5999/served/_trust/tuf/", None, []),
    "root after that": get("/v2/localhost:5999/served/_trust/tuf/root.json"),
    "changes after that": get("/v2/_trust/changefeed?records=100"),
    "deleted root again": lambda state: state.to_served(*state.served_files),
    "huge version": lambda state: state.to_spoilt(("targets", state.spoilt_targets(version=1 << 40))),
    "root leaves targets unsigned": unsigned_targets,
    "snapshot of an unknown role file": unknown_role_file,
}


def answer_of(state, probe):
    try:
        status, headers, body = state.server.ask(*PROBES[probe](state))
        return status, normal_headers(headers), normal_body(body)
    except Exception as error:  # noqa: BLE001: a connection that ends without an answer
        return 0, {}, type(error).__name__


def check_probe(theirs, ours, probe):
    real, answer = answer_of(theirs, probe), answer_of(ours, probe)
    if probe not in DIFFERENCES:
        equal(answer, real, f"answer to {probe}")
        return
    status, text = DIFFERENCES[probe][1]
    equal(answer[0], status, f"status of {probe}")
    if text not in answer[2]:
        raise AssertionError(f"'{text}' is not in {answer[2]}")
    if probe == "key twice":
        keys = [{server.server_key("localhost:5999/keys", "timestamp")["keyval"]["public"] for _ in range(3)} for server in (theirs.server, ours.server)]
        equal([len(given) for given in keys], [3, 1], "keys given")
    elif answer == real:
        raise AssertionError("there is no difference any more: take it from the list")


def raw(server, data, seconds=20):
    """What it answers to bytes; the connection may be ended by either side."""
    context = ssl.create_default_context(cafile=server.certificate)
    out = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
        try:
            tls.sendall(data)
            while piece := tls.recv(65536):
                out += piece
        except OSError:
            pass
    return out


def test_hostile_requests(server):
    head = b"POST /v2/a/_trust/tuf/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    for data, status in [
            (head + b"Content-Length: 99999999999\r\n\r\n", b"413"),
            (head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
            (b"GET /v2/" + b"a" * 70000 + b"/_trust/tuf/root.json HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
            (b"GET /v2/a%00b/_trust/tuf/root.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
            (b"GET /v2/\xff\xfe/_trust/tuf/root.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"400")]:
        answer = raw(server, data)
        if not answer.startswith(b"HTTP/1.1 " + status):
            raise AssertionError(f"{data[:60]} → {answer[:60]}")
    body = b"--b\r\nContent-Disposition: form-data; filename=root\r\n\r\n" + b"[" * 4_000_000 + b"\r\n--b--\r\n"
    equal(server.ask("POST", "/v2/a/_trust/tuf/", body, [("Content-Type", "multipart/form-data; boundary=b")])[0], 400, "deep nesting")
    equal(server.ask("GET", "/v2/")[0], 200, "afterwards")


def test_secrets_stay_out_of_the_log(test, server):
    server.ask("GET", "/v2/_trust/changefeed?records=1&token=sesame", None, [("Authorization", "Bearer sesame")])
    for word in ("sesame", "a secret of the end-to-end test"):
        if word in server.log_text():
            raise AssertionError(f"'{word}' is in the log")
    with open(test.path(f"{server.name}.db"), "rb") as file:
        if b"PRIVATE" in file.read():
            raise AssertionError("a private key stands in the database")


def test_killed_in_the_middle(test):
    """SIGKILL at any moment of forty updates: what was confirmed is there, what was not is whole or absent, and it serves again."""
    server = OurServer(test, "killed", "--quiet")
    publisher = Publisher(test, server, "localhost/killed")
    publisher.publish()
    # Signed before, so that the server is at work whenever it is killed.
    files = {version: sign_file({**publisher.targets, "version": version}, publisher.targets_key) for version in range(2, 250)}
    confirmed, random_source = 1, random.Random(7)
    for round_number in range(40):
        stop = threading.Event()

        def publish():
            nonlocal confirmed
            while not stop.is_set() and confirmed + 1 in files:
                try:
                    status, _, _ = server.upload(publisher.gun, [("targets", files[confirmed + 1])])
                except Exception:  # noqa: BLE001: it was killed
                    return
                if status == 200:
                    confirmed += 1

        thread = threading.Thread(target=publish)
        thread.start()
        time.sleep(random_source.uniform(0.02, 0.25))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        stop.set()
        thread.join()
        server.start()
        status, _, body = server.ask("GET", f"/v2/{publisher.gun}/_trust/tuf/targets.json")
        equal(status, 200, f"round {round_number}")
        version = json.loads(body)["signed"]["version"]
        # What was not confirmed may have been stored all the same.
        if version not in (confirmed, confirmed + 1):
            raise AssertionError(f"version {version} after {confirmed} were confirmed")
        confirmed = version
        timestamp = json.loads(server.ask("GET", f"/v2/{publisher.gun}/_trust/tuf/timestamp.json")[2])["signed"]
        snapshot = json.loads(server.ask("GET", f"/v2/{publisher.gun}/_trust/tuf/snapshot.json")[2])["signed"]
        equal([timestamp["version"], snapshot["version"]], [confirmed, confirmed], "versions of timestamp and snapshot")
        if round_number % 10 == 9:
            run(["notary", "-d", test.path("killed-client"), "-s", server.url, "--tlscacert", server.certificate, "list", publisher.gun])
    stop_process(server.process)
    if confirmed < 40:
        raise AssertionError(f"only {confirmed} updates in all: it was always killed too early")


def test_ends_in_order(test):
    server = OurServer(test, "ordered")
    server.process.send_signal(signal.SIGTERM)
    equal(server.process.wait(20), 0, "exit code")
    if "serving trust data on https://127.0.0.1" not in server.log_text():
        raise AssertionError(server.log_text())


def test_refuses_to_start(test, server):
    """Flags and databases that cannot be served."""
    bulkhead = server.command()[0]
    secret = test.path("trust.secret")
    tls = ["--tls-cert", server.certificate, "--tls-key", server.key]
    other = test.write("other.secret", "another secret, as long as that\n", 0o600)
    for arguments, words in [
            (["--db", test.path("x.db"), "--secret", f"file:{secret}"], "--tls-cert and --tls-key are needed"),
            (["--db", test.path("x.db"), "--secret", f"file:{secret}", "--plain-http", "--listen", "0.0.0.0:0"], "which others can reach"),
            (["--db", test.path("x.db"), "--secret", "prompt", *tls], "a server asks nobody"),
            (["--db", test.path("x.db"), "--secret", f"file:{secret}", "--anonymous-pull", *tls], "without --client-ca"),
            (["--db", test.path(f"{server.name}.db"), "--secret", f"file:{secret}", "--listen", "127.0.0.1:0", *tls], "lock"),
            (["--db", test.path("killed.db"), "--secret", f"file:{other}", "--listen", "127.0.0.1:0", *tls], "is not the one that the keys")]:
        try:
            run([bulkhead, "trust", "serve", *arguments])
        except AssertionError as error:
            if words not in str(error):
                raise AssertionError(f"'{words}' is not in: {error}") from error
        else:
            raise AssertionError(f"{arguments}: it ran")


def main():
    need("notary-server", "notary", "openssl")
    with Test() as test:
        theirs, ours = State(test, DebianServer(test, "debian")), State(test, OurServer(test, "ours"))
        for probe in PROBES:
            test.case(f"test_answers_as_notary_server_does: {probe}", check_probe, theirs, ours, probe)
        test.case("test_hostile_requests", test_hostile_requests, ours.server)
        test.case("test_secrets_stay_out_of_the_log", test_secrets_stay_out_of_the_log, test, ours.server)
        test.case("test_killed_in_the_middle", test_killed_in_the_middle, test)
        test.case("test_ends_in_order", test_ends_in_order, test)
        test.case("test_refuses_to_start", test_refuses_to_start, test, ours.server)
        test.finish()


if __name__ == "__main__":
    main()
