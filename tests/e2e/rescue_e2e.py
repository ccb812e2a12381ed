"""`bulkhead trust rescue` with trust folders that the real notary CLI made, and the real notary-server."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import unittest

import harness
from harness import find_program, need
from images import bulkhead, run
from notary_servers import DebianServer

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = os.environ.get("BULKHEAD_TEST_DATA") or next((str(p / "shared/data") for p in SOURCE.parents if (p / "shared/data/SOURCES.tsv").exists()), None)
GUN = "reg.example.com/team/app"
PASSPHRASES = {"NOTARY_ROOT_PASSPHRASE": "root passphrase", "NOTARY_TARGETS_PASSPHRASE": "targets passphrase",
               "NOTARY_SNAPSHOT_PASSPHRASE": "snapshot passphrase", "NOTARY_DELEGATION_PASSPHRASE": "delegation passphrase"}
SOURCES = ["--passphrase", "root=env:NOTARY_ROOT_PASSPHRASE", "--passphrase", "targets=env:NOTARY_TARGETS_PASSPHRASE",
           "--passphrase", "snapshot=env:NOTARY_SNAPSHOT_PASSPHRASE", "--passphrase", "env:NOTARY_DELEGATION_PASSPHRASE"]


def setUpModule():
    need("notary", "notary-server", "openssl")


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


class Layout:
    """An OCI layout with images, by tag."""

    def __init__(self, folder, tags):
        self.folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        self.manifests = {}
        for tag in tags:
            config = self.blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"tag": tag}}, "rootfs": {"type": "layers", "diff_ids": []}}).encode())
            manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                        "config": config | {"mediaType": "application/vnd.oci.image.config.v1+json"}, "layers": []}
            self.manifests[tag] = self.blob(json.dumps(manifest).encode()) | {"mediaType": manifest["mediaType"]}
        (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
            descriptor | {"annotations": {"org.opencontainers.image.ref.name": tag}} for tag, descriptor in self.manifests.items()]}))

    def blob(self, data):
        (self.folder / "blobs/sha256" / digest_of(data)).write_bytes(data)
        return {"digest": f"sha256:{digest_of(data)}", "size": len(data)}

    def referrers(self, tag):
        """The artifact types of what is about the tag's image."""
        found = []
        for descriptor in json.loads((self.folder / "index.json").read_text())["manifests"]:
            manifest = json.loads((self.folder / "blobs/sha256" / descriptor["digest"][7:]).read_text())
            if manifest.get("subject", {}).get("digest") == self.manifests[tag]["digest"]:
                found.append(manifest["artifactType"])
        return found


class Rescue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A repository with a release delegation, one of somebody's own, and tags in each."""
        cls.test = harness.Test()
        cls.test.__enter__()
        cls.addClassCleanup(cls.test.__exit__, None, None, None)
        cls.server = DebianServer(cls.test, "server")
        cls.folder = pathlib.Path(cls.test.folder)
        cls.trust = cls.folder / "notary"
        cls.layout = Layout(cls.folder / "images", ["v1", "v1-released", "v2", "v3", "v4"])
        cls.notary("init", GUN)
        for role in ("releases", "alice"):
            key, certificate = cls.folder / f"{role}.key", cls.folder / f"{role}.crt"
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={role}", "-days", "30", "-keyout", key, "-out", certificate)
            cls.notary("delegation", "add", GUN, f"targets/{role}", certificate, "--all-paths")
            cls.notary("key", "import", key, "--role", f"targets/{role}")
        cls.notary("publish", GUN)
        for tag, image, roles in (("v1", "v1", []), ("v1", "v1-released", ["targets/releases", "targets/alice"]), ("v2", "v2", []),
                                  ("v3", "v3", ["targets/releases"]), ("v4", "v4", ["targets/alice"])):
            descriptor = cls.layout.manifests[image]
            where = [word for role in roles for word in ("--roles", role)]
            cls.notary("addhash", GUN, tag, str(descriptor["size"]), "--sha256", descriptor["digest"][7:], *where)
        cls.notary("publish", GUN)
        cls.notary("list", GUN)  # fetches what the server has

    @classmethod
    def notary(cls, *arguments):
        return run("notary", "-s", cls.server.url, "--tlscacert", cls.server.certificate, "-d", cls.trust, *arguments, env=dict(os.environ, **PASSPHRASES))

    def setUp(self):
        self.own = pathlib.Path(self.test.path(self.id().rsplit(".", 1)[1]))
        self.own.mkdir()
        self.environment = PASSPHRASES | {"XDG_DATA_HOME": str(self.own / "data"), "NEW": "new passphrase"}

    def rescue(self, *arguments, ok=True):
        return bulkhead("trust", "rescue", *arguments, env=self.environment, ok=ok)

    def report(self, *arguments):
        done = self.rescue(*arguments, "--json", ok=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["complete"], done.returncode == 0)
        return report

    def images(self, repository):
        names = {descriptor["digest"]: image for image, descriptor in self.layout.manifests.items()}
        return {tag["tag"]: (names[tag["digest"]], tag["role"]) for tag in repository["tags"]}

    RELEASED = {"v1": ("v1-released", "targets/releases"), "v2": ("v2", "targets"), "v3": ("v3", "targets/releases")}

    def test_a_folder_says_what_docker_would_have_pulled(self):
        repository, = self.report(self.trust)["repositories"]
        self.assertEqual((repository["gun"], self.images(repository)), (GUN, self.RELEASED))
        self.assertEqual([tag["signers"] for tag in repository["tags"]], [["targets/alice"], [], []])
        self.assertEqual([loss["what"] for loss in repository["lost"]], ["tag v4"])
        self.assertIn("only targets/alice vouches for it", repository["lost"][0]["why"])
        self.assertEqual({key["role"] for key in repository["keys"]}, {"root", "targets", "snapshot", "timestamp", "targets/alice", "targets/releases"})
        self.assertEqual({key["role"] for key in repository["keys"] if key["private"] == "not here"}, {"timestamp"})
        more = self.report(self.trust, "--role", "targets/alice")
        self.assertEqual((self.images(more["repositories"][0]), more["complete"]), (self.RELEASED | {"v4": ("v4", "targets/alice")}, True))
        text = self.rescue(self.trust, ok=False).stdout
        self.assertIn("LOST      tag v4", text)

    def test_a_server_is_asked_from_the_root_that_is_kept(self):
        old = self.own / "old"
        shutil.copytree(self.trust, old)
        for name in ("timestamp", "snapshot", "targets"):
            (old / f"tuf/{GUN}/metadata/{name}.json").unlink()
        server = ["--server", self.server.url, "--ca-file", self.server.certificate]
        self.assertEqual(self.images(self.report(old, *server)["repositories"][0]), self.RELEASED)
        # Its root key is rotated: the kept root leads to the new one.
        self.notary("key", "rotate", GUN, "root")
        rotated = self.report(old, *server)["repositories"][0]
        self.assertEqual(self.images(rotated), self.RELEASED)
        # A root that the chain does not begin with is none.
        other = self.own / "other"
        (other / f"tuf/{GUN}/metadata").mkdir(parents=True)
        (other / f"tuf/{GUN}/metadata/root.json").write_bytes((old / f"tuf/{GUN}/metadata/root.json").read_bytes().replace(b'"version":1', b'"version":2'))
        self.assertEqual(self.report(other, *server)["repositories"][0]["tags"], [])
        alone = [*server, "--gun", GUN]
        self.assertIn("no root is kept", self.report(*alone)["repositories"][0]["lost"][0]["why"])
        first = self.report(*alone, "--trust-first-root")["repositories"][0]
        self.assertEqual(self.images(first), self.RELEASED)
        self.assertTrue(any("first root" in text for text in first["tolerated"]))
        self.assertIn("LOST", self.rescue(old, "--server", "https://localhost:1", ok=False).stdout)

    def test_keys_are_kept_and_missing_ones_are_named(self):
        report = self.report(self.trust, "--keys", *SOURCES, "--new-passphrase", "env:NEW", "--role", "targets/alice")
        self.assertTrue(report["complete"], report["lost"])
        self.assertTrue(all(key["reference"].startswith("store:") for key in report["keys"]))
        private = {key["role"]: key["private"] for key in report["repositories"][0]["keys"]}
        self.assertEqual(private.pop("timestamp"), "not here")
        self.assertEqual(set(private.values()), {"in the key store"})
        kept = json.loads(bulkhead("trust", "keys", "list", "--json", env=self.environment).stdout)["keys"]
        self.assertLessEqual({key["notary_id"] for key in report["keys"]}, {key["notary_id"] for key in kept})
        # A wrong passphrase costs its key alone.
        self.environment["XDG_DATA_HOME"] = str(self.own / "wrong")
        self.environment["NOTARY_TARGETS_PASSPHRASE"] = "wrong"
        report = self.report(self.trust, "--keys", *SOURCES, "--new-passphrase", "env:NEW", "--role", "targets/alice")
        self.assertEqual([("passphrase is wrong" in loss["why"], loss["what"]) for loss in report["lost"]], [(True, "key")])
        self.assertEqual({key["role"] for key in report["keys"] if "reference" not in key}, {"targets"})

    def test_tags_go_into_a_map_that_answers_for_them(self):
        map_folder = self.own / "map"
        bulkhead("trust", "init", map_folder, "--generate", "--publish", "--passphrase", "env:NEW", env=self.environment)
        report = self.report(self.trust, "--map", map_folder)
        self.assertTrue(all(tag["in_map"] for tag in report["repositories"][0]["tags"]))
        bulkhead("trust", "sign", map_folder, "--passphrase", "env:NEW", env=self.environment)
        bulkhead("trust", "publish", map_folder, "--passphrase", "env:NEW", env=self.environment)
        root = map_folder / "metadata/1.root.json"
        for image, code in (("v1-released", 0), ("v1", 2)):  # what releases says goes before what targets says
            asked = bulkhead("trust", "check", map_folder / "metadata", f"{GUN}:v1@{self.layout.manifests[image]['digest']}", "--root", root, env=self.environment, ok=False)
            self.assertEqual(asked.returncode, code, asked.stdout + asked.stderr)
        # What the publisher has said since stays.
        bulkhead("trust", "remove", map_folder, f"{GUN}:v2", "--reason", "old", env=self.environment)
        again = self.report(self.trust, "--map", map_folder)["repositories"][0]
        self.assertEqual({tag["tag"]: tag["in_map"] for tag in again["tags"]}, {"v1": True, "v2": False, "v3": True})
        self.assertTrue(any("says something else" in loss["why"] for loss in again["lost"]))

    def test_digests_are_signed_where_the_images_are(self):
        layout = Layout(self.own / "images", ["v1-released", "v2"])  # v3 is not there
        key = bulkhead("trust", "keys", "generate", "--passphrase", "env:NEW", env=self.environment).stdout.strip()
        script = self.own / "rest.sh"
        signing = ["--sign", key, "--layout", layout.folder, "--passphrase", "env:NEW", "--script", script]
        repository = self.report(self.trust, *signing)["repositories"][0]
        self.assertEqual({tag["tag"]: tag["signed"] for tag in repository["tags"]}, {"v1": True, "v2": True, "v3": False})
        self.assertTrue(any(loss["what"] == "tag v3" for loss in repository["lost"]))
        self.assertEqual(layout.referrers("v2"), ["application/vnd.dev.sigstore.bundle.v0.3+json"])
        commands = [line for line in script.read_text().splitlines() if line.startswith("bulkhead sign")]
        self.assertEqual(len(commands), 1)
        self.assertIn(f"{GUN}@{self.layout.manifests['v3']['digest']}", commands[0])
        subprocess.run(["sh", "-n", script], check=True)

    @unittest.skipUnless(find_program("faketime"), "faketime is not installed")
    def test_expiry_is_tolerated_where_it_is_asked_for_and_said(self):
        late = lambda *more: run("faketime", "2040-01-01 00:00:00", os.path.join(harness.BIN, "bulkhead"), "trust", "rescue", self.trust, "--json", *more,
                                 env=dict(os.environ, **self.environment), ok=False)
        strict = json.loads(late().stdout)["repositories"][0]
        self.assertEqual(strict["tags"], [])
        self.assertIn("expired", strict["lost"][0]["why"])
        lenient = json.loads(late("--allow-expired").stdout)["repositories"][0]
        self.assertEqual(self.images(lenient), self.RELEASED)
        self.assertEqual(len(lenient["tolerated"]), 6)

    def test_a_folder_without_anything_is_an_error(self):
        self.assertIn("there is no trust metadata", self.rescue(self.own, ok=False).stderr)
        self.assertIn("nothing to rescue", self.rescue(ok=False).stderr)

    @unittest.skipUnless(DATA and pathlib.Path(DATA, "trust").exists(), "the shared test data is not here")
    def test_folders_of_docker_and_notary_that_were_recorded_are_read(self):
        for archive, folder, tags in (("docker-28.2.2", "trust", {"localhost:5999/x": ["y"], "reg.exp/team/app2": []}), ("notary-0.7.0", "ntrust", {"reg.exp/team/app2": ["v1"]})):
            run("tar", "-xf", f"{DATA}/trust/{archive}-trust-dir.tar", "-C", self.own)
            report = self.report(self.own / folder, "--allow-expired")
            self.assertTrue(report["complete"])
            self.assertEqual({each["gun"]: [tag["tag"] for tag in each["tags"]] for each in report["repositories"]}, tags)


if __name__ == "__main__":
    unittest.main(verbosity=2)
