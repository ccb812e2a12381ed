"""Signing and verifying images: in layouts and in a real registry (Debian's docker-registry, which has no referrers API), with
Bearer authentication, by several at once, carried on by skopeo; attacks on what is stored there; freshness maps; and cosign and
notation themselves, in both directions, where they are installed or BULKHEAD_PEERS names their folders."""

import base64
import concurrent.futures
import json
import os
import shutil
import subprocess
import urllib.request

from harness import BIN, Layout, Test, digest_of, equal, need, run
from registry_e2e import TokenServer, registry

BULKHEAD = os.path.join(BIN, "bulkhead")
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PASSPHRASE = "correct horse"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Verdict:
    """What `bulkhead verify --format json` said."""

    def __init__(self, arguments, environment):
        done = subprocess.run([BULKHEAD, "verify", "--format", "json", *arguments], capture_output=True, text=True, timeout=300,
                              env=environment)
        self.status = done.returncode
        self.error = done.stderr
        self.report = json.loads(done.stdout) if done.stdout else None
        if done.returncode not in (0, 1, 2):
            raise AssertionError(f"verify ended with {done.returncode}: {done.stderr}")

    def trusted(self, digest=None, signatures=None):
        if self.status != 0 or not self.report["trusted"]:
            raise AssertionError(f"not trusted: {self.error or json.dumps(self.report['refused'] + self.report['problems'])}")
        if digest:
            equal(self.report["digest"], digest, "digest")
        if signatures is not None:
            equal(len(self.report["signatures"]), signatures, "signatures")
        return self.report

    def refused(self, *texts):
        if self.status != 2 or self.report["trusted"]:
            raise AssertionError(f"exit status {self.status}: {self.error or self.report}")
        all_reasons = json.dumps(self.report["refused"]) + json.dumps(self.report["problems"])
        for text in texts:
            if text not in all_reasons:
                raise AssertionError(f"'{text}' is not in: {all_reasons}")
        return self.report


class Api:
    """One repository of a registry, past all tools: what an attacker who may push can do."""

    def __init__(self, port, repository):
        self.base = f"http://127.0.0.1:{port}/v2/{repository}"

    def request(self, method, path, data=None, content_type=None):
        url = path if path.startswith("http") else f"{self.base}/{path}"
        request = urllib.request.Request(url, data=data, method=method)
        if content_type:
            request.add_header("Content-Type", content_type)
        request.add_header("Accept", f"{OCI_MANIFEST}, application/vnd.oci.image.index.v1+json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), answer.headers

    def manifest(self, name):
        return json.loads(self.request("GET", f"manifests/{name}")[0])

    def tags(self):
        return json.loads(self.request("GET", "tags/list")[0])["tags"] or []

    def put_blob(self, data):
        location = self.request("POST", "blobs/uploads/", b"")[1]["Location"]
        self.request("PUT", f"{location}&digest={digest_of(data)}", data, "application/octet-stream")
        return {"digest": digest_of(data), "size": len(data)}

    def put_manifest(self, name, manifest):
        data = json.dumps(manifest).encode()
        self.request("PUT", f"manifests/{name}", data, manifest.get("mediaType", OCI_MANIFEST))
        return {"mediaType": manifest.get("mediaType", OCI_MANIFEST), "digest": digest_of(data), "size": len(data)}

    def delete(self, digest):
        self.request("DELETE", f"manifests/{digest}")

    def digest(self, name):
        return digest_of(self.request("GET", f"manifests/{name}")[0])


def make_key(test, name, environment):
    """A key of OpenSSL's, encrypted, and its public half."""
    key, public = test.path(f"{name}.key"), test.path(f"{name}.pub")
    run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "env:PASSPHRASE", "-out",
         key], env=environment)
    run(["openssl", "pkey", "-in", key, "-passin", "env:PASSPHRASE", "-pubout", "-out", public], env=environment)
    return key, public


def tag_of(digest, suffix=""):
    return digest.replace(":", "-") + suffix


class World:
    """A registry, a layout, keys and images that all cases share; each case has a repository or a layout of its own."""

    def __init__(self, test):
        self.test = test
        home = test.path("home")
        os.makedirs(home)
        self.environment = {"PATH": os.environ["PATH"], "HOME": home, "PASSPHRASE": PASSPHRASE}
        self.alice, self.alice_pub = make_key(test, "alice", self.environment)
        self.bob, self.bob_pub = make_key(test, "bob", self.environment)
        self.port = registry(test, "plain")
        self.notation = make_notation_folder(test)
        self.images = Layout(test.path("images"))
        self.amd64 = self.images.image([{"etc/os-release": b"ID=test\n"}])
        self.arm64 = self.images.image([{"etc/os-release": b"ID=test\n"}], architecture="arm64")
        self.other = self.images.image([{"etc/os-release": b"ID=other\n"}])
        self.index = self.images.index([{**self.amd64, "platform": {"os": "linux", "architecture": "amd64"}},
                                        {**self.arm64, "platform": {"os": "linux", "architecture": "arm64"}}])
        for name in ("amd64", "other", "index"):
            self.images.name(getattr(self, name), name)

    def push(self, source, target, port=None, credentials=()):
        run(["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false", "--all", "--preserve-digests", *credentials,
             f"oci:{self.images.folder}:{source}", f"docker://127.0.0.1:{port or self.port}/{target}"], env=self.environment)
        return f"127.0.0.1:{port or self.port}/{target}"

    def sign(self, image, *more, key=None, environment=None):
        return run([BULKHEAD, "sign", image, "--key", key or self.alice, "--passphrase", "env:PASSPHRASE", *more],
                   env={**self.environment, **(environment or {})})

    def verify(self, image, *more, key=None, environment=None):
        return Verdict([image, "--key", key or self.alice_pub, *more], {**self.environment, **(environment or {})})

    def layout(self, name):
        """A copy of the images' layout."""
        folder = self.test.path(name)
        shutil.copytree(self.images.folder, folder)
        return folder


# Places

def registry_cases(world):
    image = world.push("index", "places/app:1")
    world.verify(image).refused("there is no signature")
    for name in ("cosign", "cosign-legacy"):
        said = world.sign(image, "--format", name)
        if world.index["digest"] not in said:
            raise AssertionError(f"the digest is not told: {said}")
    report = world.verify(image).trusted(world.index["digest"], signatures=2)
    equal(sorted(one["form"] for one in report["signatures"]), ["cosign-signature", "sigstore-bundle"])
    world.verify(image, key=world.bob_pub).refused("no signature counts")
    world.sign(image, key=world.bob)
    world.verify(image, "--key", world.bob_pub, "--signers", "2").trusted(signatures=3)
    by_digest = f"{image.rsplit(':', 1)[0]}@{world.index['digest']}"
    world.verify(by_digest).trusted(world.index["digest"])
    # What else wants to be found under the tags finds it.
    tags = Api(world.port, "places/app").tags()
    equal(sorted(tags), sorted(["1", tag_of(world.index["digest"]), tag_of(world.index["digest"], ".sig")]), "tags")


def layout_cases(world):
    folder = world.layout("places")
    for image in (f"oci:{folder}:index", f"oci:{folder}@{world.index['digest']}", f"{folder}:index"):
        world.sign(image)
        world.verify(image).trusted(world.index["digest"])
    world.verify(f"oci:{folder}:amd64").refused()
    # The layout is still what it was for everybody else.
    run([BULKHEAD, "sbom", f"oci:{folder}:amd64"], env=world.environment)
    equal(run(["skopeo", "inspect", "--format", "{{.Digest}}", f"oci:{folder}:amd64"], env=world.environment).strip(), world.amd64["digest"])


def platform_cases(world):
    image = world.push("index", "platforms/app:1")
    name = image.rsplit(":", 1)[0]
    world.sign(image)
    report = world.verify(image, "--platform", "linux/arm64").trusted(world.arm64["digest"])
    equal(report["index"], world.index["digest"])
    equal([one["through_index"] for one in report["signatures"]], [True])
    report = world.verify(f"{image}@{world.amd64['digest']}").trusted(world.amd64["digest"])
    equal(report["index"], world.index["digest"])
    world.verify(f"{name}@{world.amd64['digest']}").refused("there is no signature")
    world.sign(image, "--recursive")
    report = world.verify(f"{name}@{world.amd64['digest']}").trusted(world.amd64["digest"])
    equal(report["index"], None)


def attestation_cases(world):
    image = world.push("amd64", "attested/app:1")
    predicate = world.test.write("provenance.json", '{"buildDefinition": {"buildType": "https://example.com/b"}}')
    for name in ("cosign", "cosign-legacy"):
        world.sign(image, "--format", name, "--attest", predicate, "--type", "slsaprovenance1")
    world.verify(image).refused("is an attestation")
    report = world.verify(image, "--attestation", "slsaprovenance1").trusted(signatures=2)
    equal({one["predicate_type"] for one in report["signatures"]}, {"https://slsa.dev/provenance/v1"})
    world.verify(image, "--attestation", "spdxjson").refused("attestation of another type")


def annotation_cases(world):
    image = world.push("amd64", "annotated/app:1")
    for name in ("cosign", "cosign-legacy"):
        world.sign(image, "--format", name, "-a", "stage=release", "-a", "commit=4e1f")
    world.verify(image, "-a", "stage=release").trusted(signatures=2)
    world.verify(image, "-a", "stage=test").refused("stage=release was signed with it, not test")


def output_cases(world):
    image = world.push("amd64", "output/app:1")
    name = image.rsplit(":", 1)[0]
    said = world.sign(image, "--dry-run", key="/nonexistent")
    equal(said, f"would sign {name}@{world.amd64['digest']}\n")
    world.verify(image).refused("there is no signature")
    digest = [BULKHEAD, "verify", "--format", "digest", image, "--key", world.alice_pub]
    equal(subprocess.run(digest, capture_output=True, text=True, env=world.environment).stdout, "")
    world.sign(image)
    equal(run(digest, env=world.environment), f"{name}@{world.amd64['digest']}\n")
    table = run([BULKHEAD, "verify", image, "--key", world.alice_pub], env=world.environment)
    for text in ("TRUSTED", world.amd64["digest"], "alice.pub"):
        if text not in table:
            raise AssertionError(f"{text} is not in {table}")
    missing = world.verify(f"127.0.0.1:{world.port}/none:1")
    equal(missing.status, 1)


def bearer_cases(world):
    """A registry that wants a token, with the right to push for who pushes."""
    tokens = TokenServer(world.test)
    port = registry(world.test, "bearer", f"""auth:
  token: {{realm: "{tokens.url}", service: registry.test, issuer: bulkhead-test, rootcertbundle: {tokens.certificate}}}
""")
    image = world.push("amd64", "private/app:1", port, ["--dest-creds", "bob:pw"])
    authority = f"127.0.0.1:{port}"
    auth = world.test.write("bearer.json", json.dumps({"auths": {authority: {"auth": base64.b64encode(b"bob:pw").decode()}}}))
    environment = {"REGISTRY_AUTH_FILE": auth}
    denied = subprocess.run([BULKHEAD, "sign", image, "--key", world.alice, "--passphrase", "env:PASSPHRASE"], capture_output=True,
                            text=True, env=world.environment)
    equal(denied.returncode, 1)
    tokens.requests.clear()
    world.sign(image, environment=environment)
    # The registry names the rights in an order that it makes up anew each time.
    rights = [set(query["scope"][0].removeprefix("repository:private/app:").split(",")) for query, _ in tokens.requests]
    equal(rights, [{"pull"}, {"pull", "push"}], "rights")
    tokens.requests.clear()
    world.verify(image, environment=environment).trusted(world.amd64["digest"])
    equal({query["scope"][0] for query, _ in tokens.requests}, {"repository:private/app:pull"}, "scopes")


def concurrent_cases(world):
    """Several sign one image at once, in a registry that takes no conditions: none undoes another's."""
    writers = 6
    for form in ("cosign", "cosign-legacy"):
        image = world.push("amd64", f"concurrent/{form}:1")
        with concurrent.futures.ThreadPoolExecutor(writers) as pool:
            list(pool.map(lambda i: world.sign(image, "--format", form, "-a", f"writer={i}"), range(writers)))
        report = world.verify(image).trusted(signatures=writers)
        equal({one["annotations"]["writer"] for one in report["signatures"]}, {str(i) for i in range(writers)})


def carried_cases(world):
    """Images and signatures that skopeo copied are as good as the first. Debian's writes an index anew, without the artifact types."""
    digest = world.amd64["digest"]

    def carry(source, target, *more):
        for tag in ("1", tag_of(digest), tag_of(digest, ".sig")):
            keep = [] if tag == tag_of(digest) else ["--preserve-digests"]
            run(["skopeo", "copy", "--quiet", "--insecure-policy", "--all", *keep, *more, f"{source}:{tag}", f"{target}:{tag}"],
                env=world.environment)

    image = world.push("amd64", "carried/app:1")
    for form in ("cosign", "cosign-legacy"):
        world.sign(image, "--format", form)
    folder = world.test.path("carried")
    carry(f"docker://{image.rsplit(':', 1)[0]}", f"oci:{folder}", "--src-tls-verify=false")
    world.verify(f"oci:{folder}:1").trusted(digest, signatures=2)
    copied = f"127.0.0.1:{world.port}/carried/copy"
    carry(f"oci:{folder}", f"docker://{copied}", "--dest-tls-verify=false")
    world.verify(f"{copied}:1").trusted(digest, signatures=2)


# Attacks by somebody who may push

def copied_cases(world):
    """The signatures of one image, put beside another."""
    victim = world.push("amd64", "copied/app:1")
    world.push("other", "copied/app:2")
    for form in ("cosign", "cosign-legacy"):
        world.sign(victim, "--format", form)
    api = Api(world.port, "copied/app")
    api.put_manifest(tag_of(world.other["digest"], ".sig"), api.manifest(tag_of(world.amd64["digest"], ".sig")))
    index = api.manifest(tag_of(world.amd64["digest"]))
    api.put_manifest(tag_of(world.other["digest"]), index)
    other = victim.rsplit(":", 1)[0] + ":2"
    world.verify(other).refused("the signature is of", "kept for another image")
    # The bundle in a manifest that says that it is about the other image.
    manifest = api.manifest(index["manifests"][0]["digest"])
    manifest["subject"] = world.other
    entry = api.put_manifest(digest_of(json.dumps(manifest).encode()), manifest)
    api.put_manifest(tag_of(world.other["digest"]), {**index, "manifests": [entry]})
    world.verify(other).refused("not about")
    world.verify(victim).trusted(world.amd64["digest"], signatures=2)


def stripped_cases(world):
    image = world.push("amd64", "stripped/app:1")
    world.sign(image)
    world.verify(image).trusted()
    api = Api(world.port, "stripped/app")
    api.delete(api.digest(tag_of(world.amd64["digest"])))
    world.verify(image).refused("there is no signature")


def payload_cases(world):
    """A signature over a payload that somebody changed to name another digest."""
    image = world.push("other", "payload/app:1")
    source = world.push("amd64", "payload/app:2")
    world.sign(source, "--format", "cosign-legacy")
    api = Api(world.port, "payload/app")
    manifest = api.manifest(tag_of(world.amd64["digest"], ".sig"))
    layer = manifest["layers"][0]
    payload = api.request("GET", f"blobs/{layer['digest']}")[0].replace(world.amd64["digest"].encode(), world.other["digest"].encode())
    layer.update(api.put_blob(payload))
    api.put_manifest(tag_of(world.other["digest"], ".sig"), manifest)
    world.verify(image).refused("the signature is none of this")


def media_type_cases(world):
    image = world.push("amd64", "types/app:1")
    world.sign(image)
    api = Api(world.port, "types/app")
    index = api.manifest(tag_of(world.amd64["digest"]))
    # A wrong type in the list changes nothing; one in the manifest makes it something else.
    index["manifests"][0]["artifactType"] = "application/vnd.oci.empty.v1+json"
    api.put_manifest(tag_of(world.amd64["digest"]), index)
    world.verify(image).trusted(signatures=1)
    manifest = api.manifest(index["manifests"][0]["digest"])
    manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar"
    entry = api.put_manifest(digest_of(json.dumps(manifest).encode()), manifest)
    api.put_manifest(tag_of(world.amd64["digest"]), {**index, "manifests": [entry]})
    world.verify(image).refused("there is no signature")


# The Notary Project

def make_notation_folder(test):
    """A root authority, a certificate that it signed, and notation's folder of configuration that trusts it."""
    folder = test.path("notation")
    root, root_key, leaf, leaf_key = (test.path(name) for name in ("root.crt", "root.key", "leaf.crt", "leaf.key"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run(["openssl", "req", "-x509", *curve, "-days", "30", "-subj", "/C=US/ST=WA/O=Test/CN=Root", "-keyout", root_key, "-out", root,
         "-addext", "keyUsage=critical,keyCertSign"])
    request = test.path("leaf.csr")
    run(["openssl", "req", *curve, "-subj", "/C=US/ST=WA/O=Test/CN=Release", "-keyout", leaf_key, "-out", request])
    extensions = test.write("leaf.cnf", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                            "extendedKeyUsage=codeSigning\n")
    run(["openssl", "x509", "-req", "-in", request, "-CA", root, "-CAkey", root_key, "-CAcreateserial", "-days", "10", "-extfile",
         extensions, "-out", leaf])
    store = os.path.join(folder, "truststore/x509/ca/test")
    os.makedirs(store)
    shutil.copy(root, os.path.join(store, "root.crt"))
    chain = test.write("chain.pem", open(leaf).read() + open(root).read())
    policy = {"version": "1.0", "trustPolicies": [{
        "name": "release", "registryScopes": ["*"], "signatureVerification": {"level": "strict"}, "trustStores": ["ca:test"],
        "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Test, CN=Release"]}]}
    test.write("notation/trustpolicy.json", json.dumps(policy), 0o600)
    test.write("notation/signingkeys.json", json.dumps({"default": "release", "keys": [
        {"name": "release", "keyPath": leaf_key, "certPath": chain}]}), 0o600)
    test.write("notation/config.json", json.dumps({"insecureRegistries": []}), 0o600)
    return folder, leaf_key, chain


def notation_cases(world):
    folder, key, chain = world.notation
    image = world.push("index", "notation/app:1")
    policy = ["--notation-policy", folder]

    def verify(what, *more):
        return Verdict([what, *policy, *more], world.environment)

    for form in ("notation-jws", "notation-cose"):
        world.sign(image, "--format", form, "--certificate-chain", chain, "-a", "stage=release", key=key)
    report = verify(image).trusted(world.index["digest"], signatures=2)
    equal({one["signer"] for one in report["signatures"]}, {"CN=Release,O=Test,ST=WA,C=US"}, "signer")
    equal(report["signers"], 1)
    verify(image, "-a", "stage=release").trusted()
    verify(image, "-a", "stage=test").refused()
    # A signature that has run out, and a policy that trusts somebody else.
    expired = world.push("amd64", "notation/expired:1")
    later = {**world.environment, "FAKETIME": "+5d", "LD_PRELOAD": FAKETIME, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    world.sign(expired, "--format", "notation-jws", "--certificate-chain", chain, "--expiry-days", "2", key=key)
    verify(expired).trusted()
    if os.path.exists(FAKETIME):
        Verdict([expired, *policy], later).refused()
    other = world.test.path("notation-other")
    shutil.copytree(folder, other)
    text = open(os.path.join(other, "trustpolicy.json")).read().replace("CN=Release", "CN=Somebody")
    open(os.path.join(other, "trustpolicy.json"), "w").write(text)
    Verdict([image, "--notation-policy", other], world.environment).refused()
    # Copied to another image.
    victim = world.push("other", "notation/app:2")
    api = Api(world.port, "notation/app")
    index = api.manifest(tag_of(world.index["digest"]))
    api.put_manifest(tag_of(world.other["digest"]), index)
    verify(victim).refused("kept for another image")
    entries = []
    for entry in index["manifests"]:
        manifest = {**api.manifest(entry["digest"]), "subject": world.other}
        entries.append(api.put_manifest(digest_of(json.dumps(manifest).encode()), manifest))
    api.put_manifest(tag_of(world.other["digest"]), {**index, "manifests": entries})
    verify(victim).refused()


# The real tools

def peer(name):
    """A peer's programs, of several versions perhaps: on PATH, and in the folders of BULKHEAD_PEERS."""
    folders = [os.environ["PATH"], *os.environ.get("BULKHEAD_PEERS", "").split(":")]
    return sorted({path for folder in folders if folder and (path := shutil.which(name, path=folder))})


def run_peer(world, arguments, **more):
    return run(arguments, env={**world.environment, "COSIGN_PASSWORD": "pw", "XDG_CONFIG_HOME": world.test.folder, **more},
               cwd=world.test.folder)


def cosign_cases(world, cosign):
    version = "3" if "GitVersion:    v3" in run_peer(world, [cosign, "version"]) else "2"
    http = ["--allow-http-registry"]
    verify = ["--insecure-ignore-tlog", *http]
    unlogged = ["--tlog-upload=false", "-y", *http, *(["--use-signing-config=false"] if version == "3" else [])]
    forms = [["--new-bundle-format=true"], ["--new-bundle-format=false"]] if version == "3" else [[]]
    prefix = f"cosign{version}-"
    run_peer(world, [cosign, "generate-key-pair", "--output-key-prefix", prefix + "key"])
    key, public = world.test.path(prefix + "key.key"), world.test.path(prefix + "key.pub")
    predicate = world.test.write("peer.json", json.dumps({
        "buildDefinition": {"buildType": "https://example.com/b", "externalParameters": {}}, "runDetails": {"builder": {"id": "https://b"}}}))

    for i, form in enumerate(forms):
        # Theirs, verified here.
        image = world.push("index", f"{prefix}theirs{i}/app:1")
        name = f"{image.rsplit(':', 1)[0]}@{world.index['digest']}"
        run_peer(world, [cosign, "sign", "--key", key, "-a", "stage=release", *unlogged, *form, name])
        report = world.verify(image, "-a", "stage=release", key=public).trusted(world.index["digest"], signatures=1)
        equal(report["signatures"][0]["form"], "sigstore-bundle" if form == ["--new-bundle-format=true"] else "cosign-signature")
        world.verify(image, "-a", "stage=test", key=public).refused("stage=release")
        world.verify(image).refused()
        run_peer(world, [cosign, "attest", "--key", key, "--type", "slsaprovenance1", "--predicate", predicate, *unlogged, *form, name])
        world.verify(image, "--attestation", "slsaprovenance1", key=public).trusted(world.index["digest"], signatures=1)
        # With cosign's own key file, signed here.
        image = world.push("amd64", f"{prefix}key{i}/app:1")
        world.sign(image, key=key, environment={"PASSPHRASE": "pw"})
        world.verify(image, key=public).trusted()

    # Ours, verified there: bundles by those who know them, the older forms by everybody.
    for form in ("cosign", "cosign-legacy"):
        if form == "cosign" and version == "2":
            continue
        image = world.push("amd64", f"{prefix}ours-{form}/app:1")
        world.sign(image, "--format", form, "-a", "stage=release")
        run_peer(world, [cosign, "verify", "--key", world.alice_pub, "-a", "stage=release", *verify, image])
        world.sign(image, "--format", form, "--attest", predicate, "--type", "slsaprovenance1")
        run_peer(world, [cosign, "verify-attestation", "--key", world.alice_pub, "--type", "slsaprovenance1", *verify, image])
        try:
            run_peer(world, [cosign, "verify", "--key", public, *verify, image])
        except AssertionError:
            continue
        raise AssertionError("cosign verified with another key")


def peer_notation_cases(world, notation):
    folder, key, chain = world.notation
    policy = ["--notation-policy", folder]
    for form in ("jws", "cose"):
        theirs = world.push("amd64", f"notation-theirs-{form}/app:1")
        name = f"{theirs.rsplit(':', 1)[0]}@{world.amd64['digest']}"
        run_peer(world, [notation, "sign", "--signature-format", form, "--insecure-registry", "--user-metadata", "stage=release", name])
        report = Verdict([theirs, *policy, "-a", "stage=release"], world.environment).trusted(world.amd64["digest"], signatures=1)
        equal(report["signatures"][0]["form"], "notation")
        Verdict([theirs, *policy, "-a", "stage=test"], world.environment).refused()
        ours = world.push("amd64", f"notation-ours-{form}/app:1")
        world.sign(ours, "--format", f"notation-{form}", "--certificate-chain", chain, "-a", "stage=release", key=key)
        run_peer(world, [notation, "verify", "--insecure-registry", "--user-metadata", "stage=release",
                         f"{ours.rsplit(':', 1)[0]}@{world.amd64['digest']}"])


# Freshness

def map_cases(world):
    """A tag that is turned back to an old image, whose signature still holds."""
    image = world.push("amd64", "fresh/app:1")
    world.sign(image)
    folder = world.test.path("map")
    trust = [BULKHEAD, "trust"]
    secret = ["--passphrase", "env:PASSPHRASE"]
    run([*trust, "init", folder, "--generate", "--publish", *secret], env=world.environment)
    run([*trust, "add", folder, image, "--publish", *secret], env=world.environment)
    root = os.path.join(folder, "metadata", "1.root.json")
    by_map = ["--map", folder, "--map-root", root]
    report = world.verify(image, *by_map).trusted(world.amd64["digest"])
    equal(report["freshness"]["verdict"], "present")
    refused = world.verify(image, "--map", folder)
    equal(refused.status, 1)
    if "without a root" not in refused.error:
        raise AssertionError(refused.error)

    world.push("other", "fresh/app:1")
    world.sign(image)
    equal(world.verify(image, *by_map).refused()["freshness"]["verdict"], "other-digest")
    run([*trust, "add", folder, image, "--publish", *secret], env=world.environment)
    world.verify(image, *by_map).trusted(world.other["digest"])
    # Replayed: signed for ever, but no longer what the tag means.
    world.push("amd64", "fresh/app:1")
    world.verify(image).trusted(world.amd64["digest"])
    equal(world.verify(image, *by_map).refused()["freshness"]["verdict"], "other-digest")
    # The map alone vouches for what it lists, and nothing else.
    alone = [BULKHEAD, "verify", image, "--format", "digest", *by_map]
    equal(subprocess.run(alone, capture_output=True, env=world.environment).returncode, 2)
    world.push("other", "fresh/app:1")
    equal(run(alone, env=world.environment), f"{image.rsplit(':', 1)[0]}@{world.other['digest']}\n")
    # A layout has no name of its own.
    layout = world.layout("fresh")
    world.sign(f"oci:{layout}:other")
    equal(world.verify(f"oci:{layout}:other", *by_map).status, 1)
    world.verify(f"oci:{layout}:other", "--name", image, *by_map).trusted(world.other["digest"])


def main():
    need("docker-registry", "skopeo", "openssl")
    with Test() as test:
        world = World(test)
        for name, case in (("signatures in a registry", registry_cases),
                           ("signatures in a layout", layout_cases),
                           ("an index covers its platforms", platform_cases),
                           ("attestations", attestation_cases),
                           ("annotations", annotation_cases),
                           ("what is printed", output_cases),
                           ("a registry that wants tokens", bearer_cases),
                           ("several sign at once", concurrent_cases),
                           ("carried by skopeo", carried_cases),
                           ("attack: copied to another image", copied_cases),
                           ("attack: stripped", stripped_cases),
                           ("attack: a changed payload", payload_cases),
                           ("attack: wrong media types", media_type_cases),
                           ("signatures of the Notary Project", notation_cases),
                           ("attack: a replayed tag", map_cases)):
            test.case(name, case, world)
        for program, case in (("cosign", cosign_cases), ("notation", peer_notation_cases)):
            found = peer(program)
            for path in found:
                test.case(f"with {path}", case, world, path)
            if not found:
                print(f"left out: {program} is neither on PATH nor in BULKHEAD_PEERS")
        test.finish()


if __name__ == "__main__":
    main()
