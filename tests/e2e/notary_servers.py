"""A server of Notary v1 to be tested: ours or Debian's, and somebody who publishes to it, written without any code of ours."""

import base64
import datetime
import hashlib
import http.client
import json
import os
import re
import ssl
import subprocess

from harness import BIN, accepts_connections, find_program, free_port, run, wait_until

BOUNDARY = "e2e-boundary"


def make_certificate(test, name="server"):
    """A self-signed certificate for localhost; the paths of certificate and key."""
    certificate, key = test.path(f"{name}.pem"), test.path(f"{name}.key")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate, "-days", "30",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
    return certificate, key


class Server:
    """One that listens on https://localhost:port. `prefix` runs the rest of a command, as `nsenter`."""

    def __init__(self, test, name, port=None, prefix=(), wait=True):
        self.test, self.name, self.prefix = test, name, list(prefix)
        self.port = port or free_port()
        self.url = f"https://localhost:{self.port}"
        self.certificate, self.key = make_certificate(test, name)
        self.starts = 0
        self.start(wait)

    def start(self, wait=True, **more):
        self.starts += 1
        self.log = f"{self.name}-{self.starts}.log"
        self.process = self.test.start([*self.prefix, *self.command()], self.log, **more)
        if wait:
            wait_until(lambda: accepts_connections(self.port) or self.process.poll() is not None, f"{self.name} to listen")
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} did not start: {self.log_text()[-2000:]}")

    def log_text(self):
        with open(self.test.path(self.log)) as file:
            return file.read()

    def ask(self, method, path, body=None, headers=()):
        """Status, headers by lower-case name, body."""
        context = ssl.create_default_context(cafile=self.certificate)
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=60, context=context)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None or method == "POST":
                connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def upload(self, gun, files):
        return self.ask("POST", f"/v2/{gun}/_trust/tuf/", multipart(files), [("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")])

    def server_key(self, gun, role, method="GET"):
        status, _, body = self.ask(method, f"/v2/{gun}/_trust/tuf/{role}.key")
        assert status == 200, (status, body)
        return json.loads(body)


class DebianServer(Server):
    def command(self):
        config = self.test.write(f"{self.name}.json", json.dumps({
            "server": {"http_addr": f"127.0.0.1:{self.port}", "tls_key_file": self.key, "tls_cert_file": self.certificate},
            "trust_service": {"type": "local"}, "storage": {"backend": "memory"}, "logging": {"level": "error"}}))
        return [find_program("notary-server"), "-config", config]


class OurServer(Server):
    def __init__(self, test, name, *arguments, **more):
        self.arguments = arguments
        super().__init__(test, name, **more)

    def command(self):
        secret = self.test.write("trust.secret", "a secret of the end-to-end test\n", 0o600)
        return [os.path.join(BIN, "bulkhead"), "trust", "serve", "--listen", f"127.0.0.1:{self.port}", "--tls-cert", self.certificate, "--tls-key", self.key,
                "--db", self.test.path(f"{self.name}.db"), "--secret", f"file:{secret}", *self.arguments]


def multipart(files):
    out = b""
    for role, content in files:
        out += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{role}"\r\nContent-Type: application/octet-stream\r\n\r\n').encode()
        out += content + b"\r\n"
    return out + f"--{BOUNDARY}--\r\n".encode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def key_id(listed):
    return hashlib.sha256(canonical(listed)).hexdigest()


def in_days(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Key:
    """A P-256 key, in a file."""

    count = 0

    def __init__(self, test, common_name=None):
        Key.count += 1
        self.path = test.path(f"publisher-{Key.count}.pem")
        run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path])
        if common_name:
            config = test.write("certificate.cnf", f"[req]\ndistinguished_name=name\nx509_extensions=extensions\nprompt=no\nutf8=yes\nstring_mask=utf8only\n"
                                f"[name]\nCN={common_name}\n[extensions]\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=codeSigning\n")
            public = run(["openssl", "req", "-x509", "-new", "-key", self.path, "-config", config, "-days", "3650"]).encode()
        else:
            public = subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
        self.listed = {"keytype": "ecdsa-x509" if common_name else "ecdsa", "keyval": {"private": None, "public": base64.b64encode(public).decode()}}
        self.id = key_id(self.listed)

    def sign(self, message):
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.path], input=message, capture_output=True, check=True).stdout
        # SEQUENCE of two INTEGERs → r and s of 32 bytes each.
        r_size = der[3]
        r, s = der[4:4 + r_size], der[6 + r_size:]
        raw = b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, s))
        return {"keyid": self.id, "method": "ecdsa", "sig": base64.b64encode(raw).decode()}


def sign_file(signed, *keys):
    message = canonical(signed)
    signatures = json.dumps([key.sign(message) for key in keys], separators=(",", ":")).encode()
    return b'{"signed":' + message + b',"signatures":' + signatures + b"}"


class Publisher:
    """Metadata as plain dictionaries, to be changed before it is signed."""

    def __init__(self, test, server, gun, own_snapshot=False):
        self.test, self.server, self.gun = test, server, gun
        self.root_key, self.targets_key = Key(test, gun), Key(test)
        self.snapshot_key = Key(test) if own_snapshot else None
        timestamp = server.server_key(gun, "timestamp")
        snapshot = self.snapshot_key.listed if own_snapshot else server.server_key(gun, "snapshot")
        listed = {"root": self.root_key.listed, "targets": self.targets_key.listed, "snapshot": snapshot, "timestamp": timestamp}
        self.root = {"_type": "Root", "consistent_snapshot": False, "expires": in_days(3650), "version": 1,
                     "keys": {key_id(key): key for key in listed.values()},
                     "roles": {role: {"keyids": [key_id(key)], "threshold": 1} for role, key in listed.items()}}
        self.targets = {"_type": "Targets", "delegations": {"keys": {}, "roles": []}, "expires": in_days(1000), "targets": {}, "version": 1}
        self.snapshot = {"_type": "Snapshot", "expires": in_days(1000), "meta": {}, "version": 1}

    def root_file(self):
        return sign_file(self.root, self.root_key)

    def targets_file(self):
        return sign_file(self.targets, self.targets_key)

    def snapshot_file(self, files):
        for role, content in files:
            self.snapshot["meta"][role] = {"length": len(content), "hashes": {"sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
                                                                              "sha512": base64.b64encode(hashlib.sha512(content).digest()).decode()}}
        return sign_file(self.snapshot, self.snapshot_key)

    def first_files(self):
        files = [("root", self.root_file()), ("targets", self.targets_file())]
        return files + [("snapshot", self.snapshot_file(files))] if self.snapshot_key else files

    def publish(self, files=None):
        answer = self.server.upload(self.gun, files or self.first_files())
        if answer[0] != 200:
            raise AssertionError(f"{self.server.name}: {answer}")


def normal_body(body):
    """Without what two servers cannot have alike: keys, signatures, hashes, dates, and lengths that follow from these."""
    text = body.decode("utf-8", "replace")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "DATE", text)
    text = re.sub(r"[0-9a-f]{64}", "HASH", text)
    text = re.sub(r"[A-Za-z0-9+/]{40,}={0,2}", "BASE64", text)
    text = re.sub(r'"length":\d+', '"length":N', text)
    # Keys stand in the order of their hashes.
    listed = r'"HASH":\{"keytype":"[^"]*","keyval":\{"private":null,"public":"BASE64"\}\}'
    return re.sub(rf'"keys":\{{({listed},?)+\}}', lambda keys: '"keys":{' + ",".join(sorted(re.findall(listed, keys[0]))) + "}", text)


def normal_headers(headers):
    out = {name: value for name, value in headers.items() if name not in ("date", "connection", "transfer-encoding", "content-length")}
    if "last-modified" in out:
        # An HTTP date ends in GMT (RFC 9110 section 5.6.7); notary-server writes UTC.
        out["last-modified"] = re.sub(r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d (GMT|UTC)$", "DATE", out["last-modified"])
    return out
