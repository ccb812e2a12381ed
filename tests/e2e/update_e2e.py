"""`bulkhead db update` against a real HTTPS server that holds real feeds under their publishers' names: conditional requests,
connections that break, updates that are killed, and what scans say of the database afterwards."""
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tarfile
import tempfile
import threading
import time
import unittest

import images
from harness import tar_of
from images import bulkhead, run

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = os.environ.get("BULKHEAD_TEST_DATA") or next((str(p / "shared/data") for p in SOURCE.parents if (p / "shared/data/SOURCES.tsv").exists()), None)

TRACKER = "security-tracker.debian.org/tracker/data/json"
DSA = "salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list"
DLA = "salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list"
SUPPORT = "salsa.debian.org/debian/debian-security-support/-/raw/master/security-support.deb12"
ALMA = "github.com/AlmaLinux/osv-database/archive/refs/heads/master.tar.gz"
CVES = "github.com/cisagov/vulnrichment/archive/refs/heads/develop.tar.gz"
KEV = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS = "epss.empiricalsecurity.com/epss_scores-current.csv.gz"
VEX_LATEST = "security.access.redhat.com/data/csaf/v2/vex-feed/archive_latest.txt"
VEX_ARCHIVE = "security.access.redhat.com/data/csaf/v2/vex-feed/csaf_vex_2026-11-22.tar"
NVD = "nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-"


def feed(path):
    """A file of the shared corpus, as its publisher would serve it."""
    whole = f"{DATA}/feeds/{path}"
    if path.endswith(".zst") and ".tar" not in path:
        return run("zstd", "-d", "--long=27", "-c", whole, text=False).stdout
    return pathlib.Path(whole).read_bytes()


class Publishers:
    """One HTTPS server for all publishers: the first part of a path is the host's name. It knows validators and ranges, notes
    what it is asked, and breaks or stalls bodies where a test says so."""

    def __init__(self, folder):
        self.files = {}
        self.asked = []  # (path, headers, status)
        self.cut = {}  # path: [how many times, after how many bytes, whether ranges are served]
        self.stall = {}  # path: after how many bytes
        self.lock = threading.Lock()
        self.ca = folder / "ca.crt"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=Bulkhead test authority", "-keyout", folder / "ca.key", "-out", self.ca)
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout",
            folder / "server.key", "-out", folder / "server.csr")
        (folder / "san").write_text("subjectAltName=DNS:localhost\n", encoding="ascii")
        run("openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", self.ca, "-CAkey", folder / "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", folder / "san", "-out", folder / "server.crt")
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with contextlib.suppress(OSError):
                    outer.answer(self)

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # clients that go away are what is tested

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        path = request.path.lstrip("/")
        body = self.files.get(path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        status = 200 if body is not None else 404
        etag = '"' + hashlib.sha256(body or b"").hexdigest()[:16] + '"'
        with self.lock:
            cut = self.cut.get(path)
            breaks = bool(cut and cut[0] > 0)
            if breaks:
                cut[0] -= 1
        begin = 0
        if body is not None and headers.get("if-none-match") == etag:
            status, body = 304, b""
        elif body is not None and headers.get("range") and (not cut or cut[2]) and headers.get("if-range", etag) == etag:
            begin = int(headers["range"].removeprefix("bytes=").rstrip("-"))
            status = 206
        with self.lock:
            self.asked.append((path, headers, status))
        body = body or b""
        request.send_response(status)
        if status in (200, 206, 304) and not (cut and not cut[2]):
            request.send_header("ETag", etag)
        if status == 206:
            request.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        if status != 304:
            request.send_header("Content-Length", str(len(body) - begin))
        request.end_headers()
        rest = body[begin:]
        if path in self.stall and status == 200:
            request.wfile.write(rest[: self.stall[path]])
            request.wfile.flush()
            while path in self.stall:
                time.sleep(0.05)
            rest = rest[self.stall.get(path, 0):]
        if breaks and status in (200, 206):
            request.wfile.write(rest[: cut[1]])
            request.wfile.flush()
            request.connection.close()
            request.close_connection = True
            return
        request.wfile.write(rest)

    def take_asked(self):
        with self.lock:
            asked, self.asked = self.asked, []
        return asked

    def wait_for(self, path, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self.lock:
                if any(asked == path for asked, _, _ in self.asked):
                    return
            time.sleep(0.05)
        raise AssertionError(f"{path} was never asked for")


@unittest.skipIf(DATA is None, "the shared feeds are not here: set BULKHEAD_TEST_DATA")
class Update(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-update-"))
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.publishers = Publishers(cls.base)
        epss = tarfile.open(fileobj=io.BytesIO(run("zstd", "-d", "--long=27", "-c", f"{DATA}/feeds/samples/vuls-data-update-fixtures.tar.zst", text=False).stdout))
        nvd_page = gzip.compress(feed("nvd/nvd-api2-page.json.zst"), mtime=0)
        cls.published = {
            TRACKER: feed("debian/derived-bookworm-secfixes-2026-11-22.json.zst"),
            DSA: feed("debian/DSA-list.zst"),
            DLA: feed("debian/DLA-list.zst"),
            SUPPORT: feed("debian/debian-security-support/security-support.deb12"),
            ALMA: feed("alma/almalinux8-osv-2026-08-21.tar.zst"),
            CVES: feed("cve5/vulnrichment-subset-2024-10-24.tar.zst"),
            KEV: feed("kev/known_exploited_vulnerabilities.json.zst"),
            EPSS: epss.extractfile("epss/testdata/fixtures/epss_scores-2023-03-07.csv.gz").read(),
            VEX_LATEST: b"csaf_vex_2026-11-22.tar\n",
            VEX_ARCHIVE: tar_of({f"2023/{name}.json": feed(f"redhat/vex/{name}.json.zst") for name in ("cve-2023-38545", "cve-2023-4154")}),
            **{f"{NVD}{year}.json.gz": nvd_page for year in range(2002, time.gmtime().tm_year + 1)},
        }
        cls.publishers.files = dict(cls.published)
        cls.cache = cls.base / "cache"
        cls.first = cls.update_in(cls.cache, "--distribution", "debian:bookworm,almalinux:8.9")
        cls.first_asked = cls.publishers.take_asked()

    @classmethod
    def arguments(cls, cache, *more, ca=True):
        hosts = sorted({path.split("/")[0] for path in cls.published} | {"secdb.alpinelinux.org"})
        mirrors = [text for host in hosts for text in ("--feed-mirror", f"https://{host}=https://localhost:{cls.publishers.port}/{host}")]
        return ["db", "update", "--cache-dir", cache, *mirrors, *(["--ca-file", cls.publishers.ca] if ca else []), *more]

    @classmethod
    def update_in(cls, cache, *more, ok=True, ca=True):
        return bulkhead(*cls.arguments(cache, *more, ca=ca), ok=ok)

    def setUp(self):
        self.publishers.files = dict(self.published)
        self.publishers.cut.clear()
        self.publishers.stall.clear()
        self.publishers.take_asked()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-update-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.mine = self.folder / "cache"

    def copied_cache(self):
        shutil.copytree(self.cache, self.mine)
        return self.mine / "advisories.db"

    def change(self, path):
        """The publisher has something new: another archive with one document less."""
        whole = tarfile.open(fileobj=io.BytesIO(run("zstd", "-d", "-c", stdin=self.published[path], text=False).stdout))
        files = {member.name: whole.extractfile(member).read() for member in whole.getmembers() if member.isfile()}
        files.pop(sorted(files)[0])
        self.publishers.files[path] = tar_of(files)

    def info(self, cache):
        return json.loads(bulkhead("db", "info", "--json", "--cache-dir", cache).stdout)

    def root(self, os_release, packages=()):
        root = self.folder / "root"
        (root / "etc").mkdir(parents=True)
        (root / "etc/os-release").write_text(os_release, encoding="ascii")
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "var/lib/dpkg/status").write_text("".join(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\nMaintainer: x <x@debian.org>\nDescription: x\n\n"
            for name, version in packages), encoding="ascii")
        return root

    # The first update

    def test_the_first_update_fetches_every_feed_from_its_publisher_once(self):
        self.assertEqual(sorted(path for path, _, _ in self.first_asked), sorted(self.published))
        self.assertEqual({status for _, _, status in self.first_asked}, {200})
        self.assertEqual(self.first.stderr, "")
        self.assertEqual(self.first.stdout.count("\nfetched ") + self.first.stdout.startswith("fetched "), 10)  # NVD's years are one line
        self.assertIn("rebuilt", self.first.stdout)
        self.assertIn("almalinux:8, debian:12", self.first.stdout)

    def test_the_database_names_its_feeds_and_when_they_were_fetched(self):
        info = self.info(self.cache)
        names = {each["name"] for each in info["feeds"]}
        self.assertLessEqual({"debian-tracker", "debian-advisories", "debian-security-support", "almalinux-osv", "redhat-vex", "kev", "epss", "nvd", "cve"}, names)
        self.assertNotIn("redhat-repositories", names)  # of use to Red Hat's own images only
        today = time.strftime("%Y-%m-%d", time.gmtime())
        for each in info["feeds"]:
            self.assertEqual(each["fetched"][:10], today)
            self.assertTrue(each["url"].startswith("https://"))
            self.assertNotIn("localhost", each["url"])
            self.assertFalse(each["stale"] or each["missing"])
        tracker = next(each for each in info["feeds"] if each["name"] == "debian-tracker")
        self.assertEqual(tracker["sha256"], hashlib.sha256(self.published[TRACKER]).hexdigest())
        self.assertEqual(tracker["url"], "https://" + TRACKER)

    def test_a_server_that_nobody_vouches_for_is_not_believed(self):
        done = self.update_in(self.mine, "--distribution", "debian:12", ok=False, ca=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("certificate", done.stderr)
        self.assertFalse((self.mine / "advisories.db").exists())

    # Further updates

    def test_the_second_update_asks_with_validators_and_rebuilds_nothing(self):
        database = self.copied_cache()
        before, written = database.read_bytes(), database.stat().st_mtime_ns
        done = self.update_in(self.mine)
        for path, headers, status in self.publishers.take_asked():
            if path == VEX_LATEST:  # a pointer of a few bytes
                continue
            self.assertEqual(status, 304, path)
            self.assertIn("if-none-match", headers, path)
        self.assertIn("not rebuilt", done.stdout)
        self.assertNotIn("fetched ", done.stdout)
        self.assertEqual((database.read_bytes(), database.stat().st_mtime_ns), (before, written))

    def test_only_what_changed_is_fetched(self):
        database = self.copied_cache()
        before = database.read_bytes()
        self.change(ALMA)
        summary = json.loads(self.update_in(self.mine, "--json").stdout)
        self.assertEqual([row["url"] for row in summary["downloads"] if row["outcome"] == "fetched"], ["https://" + ALMA])
        self.assertTrue(summary["database"]["rebuilt"])
        self.assertEqual(summary["ecosystems"], ["almalinux:8", "debian:12"])
        self.assertNotEqual(database.read_bytes(), before)

    def test_a_connection_that_breaks_is_continued(self):
        self.copied_cache()
        self.change(ALMA)
        self.publishers.cut[ALMA] = [2, 300_000, True]
        done = self.update_in(self.mine)
        ranges = [headers["range"] for path, headers, _ in self.publishers.take_asked() if path == ALMA and "range" in headers]
        self.assertEqual(ranges, ["bytes=300000-", "bytes=600000-"])
        self.assertIn("rebuilt", done.stdout)

    def test_a_body_that_always_breaks_leaves_the_old_database_whole(self):
        database = self.copied_cache()
        before = database.read_bytes()
        self.change(ALMA)
        self.publishers.cut[ALMA] = [1000, 300_000, False]
        done = self.update_in(self.mine, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("almalinux-osv", done.stderr)
        self.assertIn("stays in force", done.stderr)
        self.assertEqual(database.read_bytes(), before)
        self.assertFalse((self.mine / "feeds/incoming").exists())
        self.assertEqual(self.info(self.mine)["sha256"], self.info(self.cache)["sha256"])

    def test_what_is_no_feed_is_refused(self):
        database = self.copied_cache()
        before = database.read_bytes()
        self.publishers.files[TRACKER] = b"<html>Please sign in to the hotel's network</html>"
        done = self.update_in(self.mine, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("https://" + TRACKER, done.stderr)
        self.assertEqual(database.read_bytes(), before)

    def start(self, *more):
        environment = dict(os.environ, XDG_CACHE_HOME=str(images.WORK / "cache"), NO_COLOR="1")
        process = subprocess.Popen([images.BULKHEAD, *[str(a) for a in self.arguments(self.mine, *more)]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        return process

    def test_an_update_that_is_killed_leaves_the_old_database_whole_and_the_next_goes_on(self):
        database = self.copied_cache()
        before = database.read_bytes()
        for how in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(how):
                self.change(ALMA)
                self.publishers.stall[ALMA] = 300_000
                self.publishers.take_asked()
                process = self.start()
                self.publishers.wait_for(ALMA)
                time.sleep(0.5)
                process.send_signal(how)
                process.wait(30)
                self.assertEqual(process.returncode, -signal.SIGKILL if how == signal.SIGKILL else 130)
                self.publishers.stall.clear()
                self.assertEqual(database.read_bytes(), before)
                self.assertEqual(self.info(self.mine)["sha256"], self.info(self.cache)["sha256"])
        self.assertIn("rebuilt", self.update_in(self.mine).stdout)
        self.assertFalse((self.mine / "feeds/incoming").exists())

    def test_two_updates_exclude_each_other(self):
        self.copied_cache()
        self.change(ALMA)
        self.publishers.stall[ALMA] = 1000
        process = self.start()
        self.publishers.wait_for(ALMA)
        second = self.update_in(self.mine, ok=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another update is at work", second.stderr)
        process.kill()
        process.wait(30)
        self.publishers.stall.clear()

    # What scans make of it

    def test_a_scan_answers_from_the_updated_database(self):
        tracker = json.loads(self.published[TRACKER])
        source, cve, fixed = next((source, cve, entry["releases"]["bookworm"]["fixed_version"]) for source, cves in sorted(tracker.items())
                                  for cve, entry in sorted(cves.items()) if entry["releases"].get("bookworm", {}).get("status") == "resolved")
        root = self.root("ID=debian\nVERSION_ID=12\n", [(source, "0~")])
        self.copied_cache()
        report = json.loads(bulkhead("scan", "-f", "json", "--cache-dir", self.mine, f"rootfs:{root}").stdout)
        self.assertFalse(report["database"]["snapshot"])
        finding = next(f for f in report["findings"] if f["id"] == cve)
        self.assertEqual((finding["fixed_version"], finding["evidence"]["feed"]), (fixed, "debian-tracker"))
        self.assertFalse(any(each["stale"] or each["missing"] for each in report["feeds"]))
        self.assertFalse(any("db update" in warning["text"] for warning in report["warnings"]))

    def test_a_stale_database_is_reported_by_scan_and_by_info(self):
        feeds = self.folder / "old"
        feeds.mkdir()
        (feeds / "json").write_bytes(self.published[TRACKER])
        (feeds / "feeds.json").write_text(json.dumps({"schema_version": 1, "files": [{"path": "json", "date": "2026-01-01", "fetched": "2026-01-02T00:00:00Z", "ecosystems": ["debian:12"]}]}), encoding="ascii")
        bulkhead("db", "build", "--from", feeds, "-o", self.folder / "old.db")
        bulkhead("db", "import", self.folder / "old.db", "--cache-dir", self.mine)
        root = self.root("ID=debian\nVERSION_ID=12\n", [("openssl", "3.0.9-1")])
        report = json.loads(bulkhead("scan", "-f", "json", "--cache-dir", self.mine, f"rootfs:{root}").stdout)
        self.assertTrue(next(each for each in report["feeds"] if each["name"] == "debian-tracker")["stale"])
        self.assertTrue(any("days old" in w["text"] and "bulkhead db update" in w["text"] for w in report["warnings"]), report["warnings"])
        self.assertIn(", stale)", bulkhead("scan", "--cache-dir", self.mine, f"rootfs:{root}").stdout)
        self.assertTrue(self.info(self.mine)["feeds"][0]["stale"])
        text = bulkhead("db", "info", "--cache-dir", self.mine).stdout
        self.assertRegex(text, r"debian-tracker .* stale ")
        self.assertIn("bulkhead db update", text)
        # An update makes it good again, although it was imported from elsewhere.
        self.update_in(self.mine, "--skip-feed", "nvd")
        self.assertFalse(next(each for each in self.info(self.mine)["feeds"] if each["name"] == "debian-tracker")["stale"])

    def test_a_feed_that_could_not_be_fetched_is_missing_in_every_answer(self):
        del self.publishers.files[TRACKER]
        done = self.update_in(self.mine, "--distribution", "debian:12", "--skip-feed", "nvd,cve", ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("404", done.stderr)
        self.assertIn("answers will call it missing", done.stderr)
        root = self.root("ID=debian\nVERSION_ID=12\n", [("openssl", "3.0.9-1")])
        report = json.loads(bulkhead("scan", "-f", "json", "--cache-dir", self.mine, f"rootfs:{root}").stdout)
        self.assertEqual({each["name"] for each in report["feeds"] if each["missing"]}, {"debian-tracker", "nvd", "cve"})
        for name in ("debian-tracker", "nvd"):
            self.assertTrue(any(name in w["subject"].split(", ") and "bulkhead db update" in w["text"] for w in report["warnings"]), report["warnings"])
        self.assertRegex(bulkhead("db", "info", "--cache-dir", self.mine).stdout, r"debian-tracker .* missing ")

    def test_a_distribution_that_no_feed_covers_is_missing_and_the_next_update_fetches_it(self):
        self.copied_cache()
        root = self.root("ID=alpine\nVERSION_ID=3.19.1\n")
        (root / "lib/apk/db").mkdir(parents=True)
        (root / "lib/apk/db/installed").write_text("P:musl\nV:1.2.4-r2\nA:x86_64\n\n", encoding="ascii")
        scan = ["scan", "-f", "json", "--cache-dir", self.mine, f"rootfs:{root}"]

        def planned():
            return json.loads(bulkhead("db", "update", "--dry-run", "--json", "--cache-dir", self.mine).stdout)

        bulkhead(*scan, "--offline")
        self.assertNotIn("alpine:3.19", planned()["ecosystems"])
        report = json.loads(bulkhead(*scan).stdout)
        self.assertTrue(any("bulkhead db update --distribution alpine:3.19" in w["text"] for w in report["warnings"]), report["warnings"])
        self.assertEqual(planned()["ecosystems"], ["almalinux:8", "alpine:3.19", "debian:12"])
        self.assertIn("https://secdb.alpinelinux.org/v3.19/main.json", [each["url"] for each in planned()["downloads"]])
        self.assertEqual(self.publishers.take_asked(), [])

    # The command line

    def test_arguments_that_make_no_sense_say_so(self):
        for arguments, says in ((["--distribution", "debian"], ["debian", "release"]), (["--distribution", "nixos:24.05"], ["nixos", "alpine"]),
                                (["--feed-mirror", "x"], ["--feed-mirror", "https://"]), (["--skip-feed", "nosuch"], ["--skip-feed", "nosuch", "epss"]), ([], ["--distribution"])):
            done = bulkhead("db", "update", "--cache-dir", self.mine, *arguments, ok=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            for text in says:
                self.assertIn(text, done.stderr)

    def test_limits_name_their_option_and_keep_the_old_database(self):
        database = self.copied_cache()
        before = database.read_bytes()
        self.change(ALMA)
        done = self.update_in(self.mine, "--max-download-bytes", "100000", ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--max-download-bytes", done.stderr)
        done = self.update_in(self.mine, "--max-database-bytes", "100000", ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--max-database-bytes", done.stderr)
        self.assertEqual(database.read_bytes(), before)
        done = bulkhead("db", "build", "--from", self.cache / "feeds", "-o", self.folder / "x.db", "--max-database-bytes", "100000", ok=False)
        self.assertIn("--max-database-bytes", done.stderr)
        done = bulkhead("db", "import", self.cache / "advisories.db", "--cache-dir", self.folder / "other", "--max-database-bytes", "1000", ok=False)
        self.assertIn("--max-database-bytes", done.stderr)


if __name__ == "__main__":
    unittest.main()
