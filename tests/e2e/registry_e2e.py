"""Images from real registries (Debian's docker-registry): tags, digests, platforms, HTTP and HTTPS, Basic and Bearer
authentication, credential helpers, mirrors, proxies, and layers that go on after their connection broke."""

import base64
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse

from harness import (CuttingProxy, Layout, Opened, Test, accepts_connections, equal, free_port, need, noise, run, wait_until)

LAYER_BYTES = 6 << 20


def registry(test, name, more="", environment=None):
    """Starts a registry over the test's one storage folder; its port."""
    port = free_port()
    config = f"""version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {test.path('storage')}}}, delete: {{enabled: true}}}}
http:
  addr: 127.0.0.1:{port}
{more}
"""
    path = test.write(f"{name}.yml", config)
    process = test.start([shutil.which("docker-registry"), "serve", path], f"{name}.log", env={**os.environ, "OTEL_TRACES_EXPORTER": "none", **(environment or {})})
    wait_until(lambda: accepts_connections(port) or process.poll() is not None, name)
    if process.poll() is not None:
        raise AssertionError(f"{name} did not start: {open(test.path(name + '.log')).read()[-1000:]}")
    return port


def make_certificates(test):
    """A certificate authority, and a certificate of 127.0.0.1 and localhost that it signed."""
    ca, key, request, certificate = (test.path(name) for name in ("ca.crt", "server.key", "server.csr", "server.crt"))
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=Bulkhead test authority", "-keyout", test.path("ca.key"), "-out", ca])
    run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
         "-keyout", key, "-out", request])
    extensions = test.write("san.cnf", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run(["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", test.path("ca.key"), "-CAcreateserial", "-days", "2",
         "-extfile", extensions, "-out", certificate])
    return ca, certificate, key


class TokenServer:
    """The token service of the "Docker Registry v2 authentication": JSON web tokens, signed by openssl."""

    def __init__(self, test):
        self.key = test.path("token.key")
        self.certificate = test.path("token.crt")
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=token", "-keyout", self.key,
             "-out", self.certificate])
        der = subprocess.run(["openssl", "x509", "-in", self.certificate, "-outform", "der"], capture_output=True, check=True).stdout
        self.x5c = base64.b64encode(der).decode()
        self.requests = []
        self.lifetime = 300
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                outer.requests.append((query, self.headers.get("Authorization", "")))
                user = ""
                if self.headers.get("Authorization"):
                    user = base64.b64decode(self.headers["Authorization"].split()[1]).decode()
                if user and user != "bob:pw":
                    self.send_error(401)
                    return
                scope = query["scope"][0].split(":")
                allowed = user or not scope[1].startswith("private/")
                body = json.dumps({"token": outer.sign(query["service"][0], scope[1], scope[2].split(",") if allowed else []),
                                   "expires_in": outer.lifetime}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def sign(self, service, repository, actions):
        def encode(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "x5c": [self.x5c]}
        claims = {"iss": "bulkhead-test", "sub": "", "aud": service, "exp": now + self.lifetime, "nbf": now - 10, "iat": now,
                  "jti": str(len(self.requests)), "access": [{"type": "repository", "name": repository, "actions": actions}]}
        text = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), capture_output=True,
                                   check=True).stdout
        return text + "." + encode(signature)


class ForwardProxy:
    """An HTTP proxy that knows one host, registry.test, and leads everything to one port here."""

    def __init__(self, target_port):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.seen.append((self.path, self.headers.get("Proxy-Authorization", "")))
                url = urllib.parse.urlsplit(self.path)
                with socket.create_connection(("127.0.0.1", target_port)) as upstream:
                    head = f"GET {url.path}{'?' + url.query if url.query else ''} HTTP/1.0\r\nHost: {url.netloc}\r\n"
                    head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items()
                                    if not name.lower().startswith(("proxy", "host", "connection")))
                    upstream.sendall(head.encode() + b"\r\n")
                    while data := upstream.recv(65536):
                        self.wfile.write(data)
                self.close_connection = True

            def do_CONNECT(self):
                outer.seen.append((self.path, self.headers.get("Proxy-Authorization", "")))
                self.send_error(403)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def main():
    need("docker-registry", "skopeo", "htpasswd", "openssl")
    with Test() as test:
        home = test.path("home")
        os.makedirs(home)
        clean = {"PATH": os.environ["PATH"], "HOME": home}

        layout = Layout(test.path("layout"))
        big = {"big": noise(LAYER_BYTES, 1)}
        amd64 = layout.image([{"etc/os-release": b"ID=test\n"}, big])
        arm64 = layout.image([{"etc/os-release": b"ID=test\n"}], architecture="arm64")
        index = layout.index([{**amd64, "platform": {"os": "linux", "architecture": "amd64"}},
                              {**arm64, "platform": {"os": "linux", "architecture": "arm64"}}])
        layout.name(amd64, "plain")
        layout.name(index, "multi")
        plain_layers = [(layer["digest"], layer["size"]) for layer in json.loads(layout.read(amd64["digest"]))["layers"]]

        plain = registry(test, "plain")
        here = f"127.0.0.1:{plain}"

        def push(source, target, *more):
            run(["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false", *more,
                 f"oci:{layout.folder}:{source}", f"docker://{here}/{target}"])

        push("plain", "team/app:1", "--preserve-digests")
        push("multi", "team/multi:1", "--all", "--preserve-digests")
        push("plain", "team/v2s2:1", "--format", "v2s2")
        push("plain", "private/app:1", "--preserve-digests")

        def opened(*arguments, **environment):
            return Opened(arguments, {**clean, **environment})

        def must_be_plain(image):
            equal(image["manifest"], amd64["digest"], "manifest digest")
            equal([(layer["sha256"], layer["bytes"]) for layer in image["layers"]], plain_layers, "layers")

        # What a registry holds

        test.case("a tag", lambda: must_be_plain(opened(f"registry:{here}/team/app:1").must_succeed()))
        test.case("a digest", lambda: must_be_plain(opened(f"registry:{here}/team/app@{amd64['digest']}").must_succeed()))
        test.case("a tag that does not exist", lambda: opened(f"registry:{here}/team/app:none").must_fail(
            "not_found", "MANIFEST_UNKNOWN", "team/app:none"))
        test.case("a repository that does not exist", lambda: opened(f"registry:{here}/none:1").must_fail("not_found"))

        def multi():
            image = opened("--platform", "linux/arm64", f"registry:{here}/team/multi:1").must_succeed()
            equal(image["manifest"], arm64["digest"])
            equal(image["index"], index["digest"])
            must_be_plain(opened("--platform", "linux/amd64", f"registry:{here}/team/multi:1").must_succeed())
            opened("--platform", "linux/s390x", f"registry:{here}/team/multi:1").must_fail("not_found", "linux/amd64")

        test.case("an index and its platforms", multi)

        def schema2():
            image = opened(f"registry:{here}/team/v2s2:1").must_succeed()
            raw = run(["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{here}/team/v2s2:1"])
            equal([layer["sha256"] for layer in image["layers"]], [layer["digest"] for layer in json.loads(raw)["layers"]])

        test.case("Docker schema 2", schema2)
        test.case("nobody listens", lambda: opened(f"registry:127.0.0.1:{free_port()}/x:1").must_fail("unavailable"))

        def corrupt():
            push("plain", "team/corrupt:1", "--preserve-digests")
            # The registry itself does not look: what it stores is what it sends.
            digest = plain_layers[0][0][7:]
            path = test.path("storage/docker/registry/v2/blobs/sha256", digest[:2], digest, "data")
            data = bytearray(open(path, "rb").read())
            data[len(data) // 2] ^= 1
            try:
                open(path, "wb").write(data)
                opened(f"registry:{here}/team/corrupt:1").must_fail("verification_failed", digest)
            finally:
                data[len(data) // 2] ^= 1
                open(path, "wb").write(data)

        test.case("a layer that was changed in the registry's storage", corrupt)

        # Connections that break, mirrors, proxies

        def cut():
            proxy = CuttingProxy(plain, cuts=2, after_bytes=2 << 20)
            must_be_plain(opened(f"registry:127.0.0.1:{proxy.port}/team/app:1").must_succeed())
            ranges = proxy.ranges()
            proxy.close()
            equal(len(ranges), 2, f"continued downloads ({ranges})")
            starts = [int(text[len("bytes="):-1]) for text in ranges]
            if not 0 < starts[0] < starts[1] < LAYER_BYTES:
                raise AssertionError(f"it did not go on where it was cut: {ranges}")

        test.case("a layer whose connection is cut twice", cut)

        def mirror_down():
            result = opened("--mirror", f"{here}=http://127.0.0.1:{free_port()}", f"registry:{here}/team/app:1")
            must_be_plain(result.must_succeed())
            if "mirror" not in result.error:
                raise AssertionError("the mirror that is down was not mentioned")

        test.case("a mirror that is down", mirror_down)
        test.case("a mirror that serves what its registry cannot", lambda: must_be_plain(
            opened("--mirror", f"registry.invalid=http://{here}", "registry:registry.invalid/team/app:1").must_succeed()))

        def forward_proxy():
            proxy = ForwardProxy(plain)
            environment = {"http_proxy": f"http://user:s3cret@127.0.0.1:{proxy.port}", "https_proxy": f"http://127.0.0.1:{proxy.port}"}
            must_be_plain(opened("--insecure", "registry.test", "registry:registry.test/team/app:1", **environment).must_succeed())
            equal({auth for path, auth in proxy.seen if path.startswith("http:")},
                  {"Basic " + base64.b64encode(b"user:s3cret").decode()})
            before = len(proxy.seen)
            opened("--insecure", "registry.test", "registry:registry.test/team/app:1", **environment, no_proxy=".test,registry.test").must_fail(
                "unavailable", without=["s3cret"])
            equal(len(proxy.seen), before, "requests through the proxy in spite of no_proxy")

        test.case("an HTTP proxy, and hosts that are reached without it", forward_proxy)

        # TLS

        ca, certificate, key = make_certificates(test)
        tls = registry(test, "tls", f"  tls: {{certificate: {certificate}, key: {key}}}\n")
        test.case("an unknown authority", lambda: opened(f"registry:127.0.0.1:{tls}/team/app:1").must_fail(
            "verification_failed", "remedy"))
        test.case("an authority that was added", lambda: must_be_plain(
            opened("--ca", ca, f"registry:localhost:{tls}/team/app:1").must_succeed()))
        test.case("a host that was named insecure", lambda: must_be_plain(
            opened("--insecure", f"localhost:{tls}", f"registry:localhost:{tls}/team/app:1").must_succeed()))
        test.case("another host that was named insecure", lambda: opened(
            "--insecure", f"localhost:{plain}", f"registry:localhost:{tls}/team/app:1").must_fail("verification_failed"))

        def certificates_folder():
            test.write(f"certs.d/localhost:{tls}/ca.crt", open(ca).read())
            must_be_plain(opened("--certs", test.path("certs.d"), f"registry:localhost:{tls}/team/app:1").must_succeed())

        test.case("an authority in the registry's own folder", certificates_folder)

        def cut_tls():
            proxy = CuttingProxy(tls, cuts=1, after_bytes=2 << 20)
            must_be_plain(opened("--ca", ca, f"registry:localhost:{proxy.port}/team/app:1").must_succeed())
            equal(proxy.cuts_left, 0)
            proxy.close()

        test.case("a layer whose TLS connection is cut", cut_tls)

        # Basic authentication

        run(["htpasswd", "-Bbc", test.path("htpasswd"), "bob", "pw"])
        basic = registry(test, "basic", f"auth: {{htpasswd: {{realm: test, path: {test.path('htpasswd')}}}}}\n")
        basic_ref = f"registry:127.0.0.1:{basic}/team/app:1"

        def auth_file(name, entry):
            return test.write(name, json.dumps({"auths": {f"127.0.0.1:{basic}": entry}}))

        encoded = base64.b64encode(b"bob:pw").decode()
        wrong = base64.b64encode(b"bob:wr0ng").decode()
        test.case("Basic: no credentials", lambda: opened(basic_ref).must_fail("unauthenticated", "docker login"))

        def basic_config():
            auth_file("home/.docker/config.json", {"auth": encoded})
            must_be_plain(opened(basic_ref).must_succeed())
            os.unlink(test.path("home/.docker/config.json"))

        test.case("Basic: ~/.docker/config.json", basic_config)
        test.case("Basic: $REGISTRY_AUTH_FILE", lambda: must_be_plain(
            opened(basic_ref, REGISTRY_AUTH_FILE=auth_file("auth.json", {"auth": encoded})).must_succeed()))
        test.case("Basic: wrong password", lambda: opened(
            basic_ref, REGISTRY_AUTH_FILE=auth_file("wrong.json", {"auth": wrong})).must_fail(
                "unauthenticated", "'bob'", "wrong.json", without=["wr0ng", wrong]))

        def podman_login():
            path = test.path("podman-auth.json")
            run(["skopeo", "login", "--tls-verify=false", "--authfile", path, "-u", "bob", "-p", "pw", f"127.0.0.1:{basic}"])
            must_be_plain(opened(basic_ref, REGISTRY_AUTH_FILE=path).must_succeed())

        test.case("Basic: the file that `skopeo login` writes", podman_login)

        def helper():
            test.write("bin/docker-credential-e2e", f"""#!/bin/sh
read -r server
[ "$1 $server" = "get 127.0.0.1:{basic}" ] || {{ echo "credentials not found in native keychain"; exit 1; }}
echo '{{"ServerURL":"x","Username":"bob","Secret":"pw"}}'
""", 0o755)
            config = test.write("docker-config/config.json", json.dumps({"credsStore": "e2e"}))
            environment = {"DOCKER_CONFIG": os.path.dirname(config), "PATH": test.path("bin") + ":" + clean["PATH"]}
            must_be_plain(opened(basic_ref, **environment).must_succeed())
            opened(basic_ref, DOCKER_CONFIG=os.path.dirname(config)).must_fail("unauthenticated", "docker-credential-e2e")

        test.case("Basic: a credential helper", helper)

        # Bearer authentication

        tokens = TokenServer(test)
        bearer = registry(test, "bearer", f"""auth:
  token: {{realm: "{tokens.url}", service: test-service, issuer: bulkhead-test, rootcertbundle: {tokens.certificate}}}
""")

        def anonymous():
            tokens.requests.clear()
            must_be_plain(opened(f"registry:127.0.0.1:{bearer}/team/app:1").must_succeed())
            equal(len(tokens.requests), 1, "tokens fetched for one image")
            query, authorization = tokens.requests[0]
            equal((query["service"], query["scope"], authorization), (["test-service"], ["repository:team/app:pull"], ""))

        test.case("Bearer: anonymous", anonymous)
        test.case("Bearer: a private repository without credentials", lambda: opened(
            f"registry:127.0.0.1:{bearer}/private/app:1").must_fail("unauthenticated", "docker login"))

        def with_credentials():
            path = test.write("bearer.json", json.dumps({"auths": {f"127.0.0.1:{bearer}": {"auth": encoded}}}))
            must_be_plain(opened(f"registry:127.0.0.1:{bearer}/private/app:1", REGISTRY_AUTH_FILE=path).must_succeed())

        test.case("Bearer: a private repository with credentials", with_credentials)
        test.case("Bearer: wrong password", lambda: opened(
            f"registry:127.0.0.1:{bearer}/private/app:1",
            REGISTRY_AUTH_FILE=test.write("bearer-wrong.json", json.dumps({"auths": {f"127.0.0.1:{bearer}": {"auth": wrong}}}))).must_fail(
                "unauthenticated", "'bob'", without=["wr0ng", wrong]))

        test.finish()


if __name__ == "__main__":
    main()
