"""What the program says when something is wrong: which input, what about it, what to do. Never a verdict."""
import gzip
import io
import json
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import images
from images import bulkhead, run


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.layout = images.debian_layout()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-errors-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def expect(self, *arguments, says, **options):
        done = bulkhead(*arguments, ok=False, **options)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        for text in says if isinstance(says, (list, tuple)) else [says]:
            self.assertIn(text, done.stderr)
        return done.stderr

    def small_image(self):
        """An image with one package database, cheap to make."""
        root = self.folder / "root"
        (root / "var/lib/dpkg").mkdir(parents=True, exist_ok=True)
        (root / "etc").mkdir(exist_ok=True)
        (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n", encoding="ascii")
        (root / "var/lib/dpkg/status").write_text(
            "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13.dfsg-1\nSource: zlib\nMaintainer: x <x@example>\nDescription: x\n\n", encoding="ascii")
        return root

    def test_no_such_image(self):
        said = self.expect("scan", "--offline", "nosuch", says=["nosuch", "rootfs:", "\n  1. a file or folder: "])
        self.assertNotIn("\\x0a", said)

    def test_no_such_path(self):
        self.expect("scan", "rootfs:/no/such/folder", says=["/no/such/folder", "\n  correct the path: rootfs: takes a folder"])
        for form in ("oci", "docker-archive"):
            self.expect("scan", f"{form}:/no/such/image:latest", says=["/no/such/image", "\n  correct the path; ", ":TAG"])
        (self.folder / "file").write_text("x", encoding="ascii")
        self.expect("scan", f"rootfs:{self.folder}/file", says=["is not a folder", "\n  leave the prefix out"])

    def test_a_file_that_an_option_names_is_not_there(self):
        for option, command in (("--ignore-file", "scan"), ("--exceptions", "audit"), ("--baseline", "audit")):
            words = [command, option, self.folder / "nosuch"] + ([f"rootfs:{self.small_image()}"] if command == "scan" else [])
            self.expect(*words, says=[f"{option}: {self.folder}/nosuch: ", "\n  correct the path"])
        self.expect("scan", "--format", "template", "--template", self.folder / "nosuch", "x", says=["--template: ", "\n  correct the path"])

    def test_unknown_flag_and_command(self):
        self.expect("scan", "--frobnicate", "x", says=["--frobnicate", "scan --help"])
        self.expect("frobnicate", says="--help")

    def test_truncated_archive(self):
        archive = self.folder / "image.tar"
        run("skopeo", "copy", "--insecure-policy", f"oci:{self.layout}:latest", f"docker-archive:{archive}:debian:latest")
        whole = archive.read_bytes()
        archive.write_bytes(whole[: len(whole) // 2])
        again = "\n  the archive is damaged, was cut off or is no work of an image tool: save or copy it again"
        self.expect("scan", "--no-cache", archive, says=["image.tar", again])
        for cut in (len(whole) // 2, 700):
            done = subprocess.run([images.BULKHEAD, "scan", "--no-cache", "-"], input=whole[:cut], capture_output=True, check=False)
            said = done.stderr.decode()
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertRegex(said, r'^bulkhead: standard input: tar archive ends inside "[0-9a-f]{64}\.tar", \d+ bytes early')
            self.assertIn(again, said)
        compressed = self.folder / "image.tar.gz"
        compressed.write_bytes(gzip.compress(whole, 1)[:len(whole) // 8])
        said = self.expect("scan", "--no-cache", compressed, says=["gzip data ends early", again])
        self.assertEqual(said.count("image.tar.gz"), 1, said)

    def test_wrong_digest(self):
        layout = self.folder / "layout"
        shutil.copytree(self.layout, layout)
        index = json.loads((layout / "index.json").read_text(encoding="utf-8"))
        manifest = json.loads((layout / "blobs" / index["manifests"][0]["digest"].replace(":", "/")).read_text(encoding="utf-8"))
        layer = layout / "blobs" / manifest["layers"][-1]["digest"].replace(":", "/")
        content = bytearray(layer.read_bytes())
        content[len(content) // 2] ^= 1
        layer.write_bytes(content)
        remedy = "\n  the content was changed or damaged on its way; fetch it again from a source you trust"
        self.expect("scan", "--no-cache", f"oci:{layout}:latest", says=[manifest["layers"][-1]["digest"], remedy])
        layer.write_bytes(content + b"x")
        self.expect("scan", "--no-cache", f"oci:{layout}:latest", says=[
            f"blob {manifest['layers'][-1]['digest']} is {len(content) + 1} bytes large", "\n  the image is damaged: copy or pull it again"])

    def test_corrupt_package_database(self):
        root = self.small_image()
        (root / "var/lib/dpkg/status").write_bytes(b"Package zlib1g\n\x00\x01garbage" * 100)
        self.expect("scan", f"rootfs:{root}", says="var/lib/dpkg/status")
        rpm = self.small_image_with_rpm(b"\x00" * 4096)
        self.expect("scan", f"rootfs:{rpm}", says="rpmdb.sqlite")

    def small_image_with_rpm(self, content):
        root = self.folder / "rpm-root"
        (root / "usr/lib/sysimage/rpm").mkdir(parents=True)
        (root / "usr/lib/sysimage/rpm/rpmdb.sqlite").write_bytes(content)
        return root

    def test_database_that_is_none(self):
        root = self.small_image()
        for content in (b"", b"not a database" * 100):
            path = self.folder / "x.db"
            path.write_bytes(content)
            self.expect("scan", "--db", path, f"rootfs:{root}", says="x.db")
        remedy = "\n  correct the path; `bulkhead db export` and `bulkhead db build` write such files"
        for name in ("none.db", "none.db.zst"):
            self.expect("scan", "--db", self.folder / name, f"rootfs:{root}", says=[name, remedy])
            self.expect("db", "info", "--db", self.folder / name, says=[name, remedy])
            self.expect("db", "import", self.folder / name, says=[name, remedy])

    def test_a_packed_database_that_was_cut_off(self):
        whole = next((pathlib.Path(__file__).resolve().parents[2] / "data").glob("advisories-*.db.zst")).read_bytes()
        cut = self.folder / "cut.db.zst"
        cut.write_bytes(whole[:len(whole) // 2])
        cache = self.folder / "cache"
        for words in (("db", "import", "--cache-dir", cache, cut), ("db", "info", "--cache-dir", cache, "--db", cut)):
            self.expect(*words, says=["cut.db.zst", "ends early", "\n  the file is damaged or was cut off: copy it again"])
        self.assertFalse((cache / "advisories.db").exists())

    def test_a_folder_without_feeds_makes_no_database(self):
        feeds = self.folder / "feeds"
        feeds.mkdir()
        self.expect("db", "build", "--from", feeds, "-o", self.folder / "empty.db", says=str(feeds))
        (feeds / "page.html").write_text("<html>nothing for us</html>", encoding="ascii")
        self.expect("db", "build", "--from", feeds, "-o", self.folder / "empty.db", says=str(feeds))
        self.assertFalse((self.folder / "empty.db").exists())

    def test_what_no_feed_recognises_is_never_left_out_in_silence(self):
        feeds = self.folder / "feeds"
        feeds.mkdir()
        (feeds / "main.json").write_text(json.dumps({
            "apkurl": "x", "urlprefix": "https://dl-cdn.alpinelinux.org/alpine", "distroversion": "v3.19", "reponame": "main", "packages": []}), encoding="ascii")
        database = self.folder / "some.db"
        self.assertEqual(bulkhead("db", "build", "-q", "--from", feeds, "-o", database).stderr, "")
        for i in range(4):
            (feeds / f"note{i}.txt").write_text("nothing for us", encoding="ascii")
        said = bulkhead("db", "build", "-q", "--from", feeds, "-o", database).stderr
        self.assertEqual(said, "warning: 4 files or documents are recognised by no feed, and nothing of them is in the database: "
                               "note0.txt, note1.txt, note2.txt and 1 more; --list-unrecognised names them all\n")
        said = bulkhead("db", "build", "-q", "--list-unrecognised", "--from", feeds, "-o", database).stderr
        self.assertEqual(said.splitlines()[3], "warning: note3.txt: no feed recognises it")
        self.assertEqual(len(said.splitlines()), 5)

    def test_a_damaged_member_of_an_archive_is_named(self):
        feeds = self.folder / "feeds"
        feeds.mkdir()
        def secdb(release):
            return json.dumps({"apkurl": "x", "urlprefix": "https://dl-cdn.alpinelinux.org/alpine", "distroversion": release, "reponame": "main",
                               "packages": [{"pkg": {"name": "curl", "secfixes": {"8.5.0-r0": ["CVE-2023-46218"]}}}]}).encode()
        members = {"a/main.json": secdb("v3.18"), "b/main.json.gz": gzip.compress(secdb("v3.19"))[:-12]}
        with tarfile.open(feeds / "all.tar", "w") as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        database = self.folder / "some.db"
        said = bulkhead("db", "build", "-q", "--from", feeds, "-o", database).stderr
        self.assertRegex(said, r"^warning: all\.tar!b/main\.json\.gz: left out: .*gzip data ends early")
        self.assertNotIn("recognised by no feed", said)
        said = bulkhead("db", "info", "--db", database).stdout
        self.assertIn("alpine-secdb: 1 of its 2 documents could not be read\n", said)

    def test_a_database_names_what_every_report_misses(self):
        feeds = self.folder / "feeds/DSA"
        feeds.mkdir(parents=True)
        (feeds / "list").write_text("[01 Jan 2023] DSA-5000-1 x - security update\n\t{CVE-2022-1}\n\t[bullseye] - x 1-1\n", encoding="ascii")
        database = self.folder / "some.db"
        bulkhead("db", "build", "--from", feeds.parent, "-o", database)
        info = json.loads(bulkhead("db", "info", "--json", "--db", database).stdout)
        report = images.scan_json("--db", database, f"rootfs:{self.small_image()}")
        absent = {feed["name"] for feed in report["feeds"] if feed["missing"] and not feed["ecosystem"]}
        self.assertEqual(absent, {"cve", "epss", "kev", "nvd"})
        self.assertEqual({feed["name"] for feed in info["feeds"] if feed["missing"]}, absent)
        self.assertEqual([feed.get("incomplete") for feed in info["feeds"] if not feed["missing"]],
                         ["a list of advisories, alone for debian:11: what has none is not in it"])
        text = bulkhead("db", "info", "--db", database).stdout
        self.assertRegex(text, r"(?m)^kev .* missing ")
        self.assertIn("debian-advisories: a list of advisories, alone for debian:11", text)
        self.assertIn("5 of 5 feeds are stale or missing", text)

    def test_an_empty_database_says_that_it_covers_nothing(self):
        feeds = self.folder / "feeds"
        feeds.mkdir()
        (feeds / "tracker.json").write_text("{}", encoding="ascii")
        (feeds / "feeds.json").write_text(json.dumps({"schema_version": 1, "files": [
            {"path": "tracker.json", "feed": "debian-tracker", "date": "2026-11-20", "ecosystems": ["debian:11"]}]}), encoding="ascii")
        self.assertIn("0 records", bulkhead("db", "build", "--from", feeds, "-o", self.folder / "empty.db").stdout)
        report = images.scan_json("--db", self.folder / "empty.db", f"rootfs:{self.small_image()}")
        self.assertEqual(report["findings"], [])
        self.assertTrue(any(feed["missing"] and feed["ecosystem"] == "debian:12" for feed in report["feeds"]), report["feeds"])
        self.assertTrue(any("no feed" in w["text"] for w in report["warnings"]), report["warnings"])
        self.assertIn("not judged", report["summary"]["conclusion"])

    def test_a_root_without_packages_is_not_called_safe(self):
        empty = self.folder / "empty"
        empty.mkdir()
        report = images.scan_json(f"rootfs:{empty}")
        self.assertTrue(any("nothing can be said" in w["text"] for w in report["warnings"]))
        (empty / "etc").mkdir()
        (empty / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n", encoding="utf-8")
        report = images.scan_json(f"rootfs:{empty}")
        self.assertEqual(report["summary"]["conclusion"], "not judged: no installed package of debian was found")

    def debian(self, release):
        root = self.folder / f"debian{release}"
        (root / "etc").mkdir(parents=True)
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "etc/os-release").write_text(f"ID=debian\nVERSION_ID={release}\n", encoding="utf-8")
        (root / "var/lib/dpkg/status").write_text(
            "Package: libghost\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1-1\n\n", encoding="utf-8")
        return f"rootfs:{root}"

    def test_a_release_that_only_a_small_list_names_is_not_called_safe(self):
        image = self.debian(13)
        conclusion = images.scan_json(image)["summary"]["conclusion"]  # with the snapshot
        self.assertEqual(conclusion, "not judged: no feed covers debian:13")
        for form in ("table", "sarif", "junit", "html"):
            result = bulkhead("scan", "-f", form, image)
            self.assertIn("no feed covers debian:13", result.stdout, form)
            self.assertNotIn("no known vulnerability", result.stdout, form)

    def test_a_feed_file_that_cannot_be_read_vouches_for_nothing(self):
        feeds = self.folder / "unreadable"
        feeds.mkdir()
        (feeds / "tracker.json").write_text("<!DOCTYPE html><title>502 Bad Gateway</title>", encoding="utf-8")
        (feeds / "feeds.json").write_text(json.dumps({"schema_version": 1, "files": [
            {"path": "tracker.json", "feed": "debian-tracker", "date": "2026-11-22", "fetched": "2026-11-22T08:00:00Z",
             "ecosystems": ["debian:11"]}]}), encoding="utf-8")
        database = self.folder / "unreadable.db"
        self.expect("db", "build", "-q", "--from", feeds, "-o", database, says="tracker.json")
        info = json.loads(bulkhead("db", "info", "--db", database, "--json").stdout)
        self.assertTrue(info["feeds"][0]["missing"])
        report = images.scan_json("--db", database, self.debian(11))
        self.assertEqual(report["summary"]["conclusion"], "not judged: debian-tracker for debian:11 is not in the database")

    def test_limits_name_their_option(self):
        self.expect("scan", "--no-cache", "--max-entries", "10", f"oci:{self.layout}:latest", says="--max-entries")
        self.expect("scan", "--no-cache", "--max-layer-bytes", "1000", f"oci:{self.layout}:latest", says="--max-layer-bytes")
        self.expect("scan", "--no-cache", "--max-image-bytes", "1000", f"oci:{self.layout}:latest", says="--max-image-bytes")

    def test_absent_platform_lists_those_there_are(self):
        self.expect("scan", "--platform", "linux/s390x", f"oci:{self.layout}:latest", says=["linux/s390x", "linux/amd64"])

    def test_two_formats_on_one_output(self):
        self.expect("scan", "-f", "json", "-f", "table", "x", says="--output")
        self.expect("scan", "-o", f"json={self.folder}/a", "-o", f"sarif={self.folder}/a", "x", says="one place")
        self.expect("scan", "-o", "json=/dev/stdout", "-f", "table", "x", says="one place")

    def test_output_into_a_folder_that_is_not_there(self):
        self.expect("scan", "-o", f"json={self.folder}/typo/r.json", f"rootfs:{self.small_image()}", says=["typo", "no folder"])
        self.assertFalse((self.folder / "typo").exists())

    def test_a_word_that_is_no_id_explains_nothing(self):
        root = f"rootfs:{self.small_image()}"
        for word in ("bogus", "cve-2023-4911", "CVE-2023"):
            self.expect("scan", "--explain", word, root, says=[f'--explain: "{word}" is no id', "\n  write it as its publisher does: CVE-2023-4911"])
        # An id is asked for as its publisher writes it, and that no feed knows it is an answer.
        self.assertIn("No feed in this database knows the id.", bulkhead("scan", "--explain", "CVE-2099-99999", root).stdout)

    def test_a_threshold_without_a_value_is_no_open_gate(self):
        root = f"rootfs:{self.small_image()}"
        self.expect("scan", "--fail-on", "", root, says="--fail-on")
        self.expect("scan", "--fail-on", "high,low", root, says="--fail-on")
        self.expect("scan", "--ignore-file", "", root, says="--ignore-file")


if __name__ == "__main__":
    unittest.main()
