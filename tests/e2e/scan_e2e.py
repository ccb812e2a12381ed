"""`bulkhead scan` and `bulkhead sbom` on a real Debian image, in every form it can have."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import unittest
import xml.etree.ElementTree

import images
from images import bulkhead, run, scan_json

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def shared_data():
    """The shared corpus of real feeds, package databases and schemas; None when it is not here."""
    named = os.environ.get("BULKHEAD_TEST_DATA")
    if named:
        return pathlib.Path(named)
    return next((p / "shared/data" for p in SOURCE.parents if (p / "shared/data/SOURCES.tsv").exists()), None)


def report_schema():
    """The schema of reports, and nothing beside it: it lets fields be added, but those of today must be described."""
    def closed(schema):
        if isinstance(schema, list):
            return [closed(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        made = {key: closed(value) for key, value in schema.items()}
        if isinstance(schema.get("properties"), dict):
            made.setdefault("additionalProperties", False)
        return made
    return closed(json.loads((SOURCE / "docs/schemas/scan-report.schema.json").read_text(encoding="utf-8")))


def packages_of(report):
    return sorted((p["name"], p["version"], p["architecture"]) for p in report["packages"])


class DebianImage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.layout = images.debian_layout()
        cls.root = images.debian_root()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-scan-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.report = scan_json(f"oci:{cls.layout}:latest")

    def test_finds_exactly_the_packages_that_dpkg_lists(self):
        listed = run("dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "-W", "-f", "${Package}\t${Version}\t${Architecture}\n").stdout
        self.assertEqual(packages_of(self.report), sorted(tuple(line.split("\t")) for line in listed.splitlines()))

    def test_knows_the_source_package_as_dpkg_does(self):
        listed = run("dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "-W", "-f",
                     "${Package}\t${source:Package}\t${source:Version}\n").stdout
        self.assertEqual(sorted((p["name"], p["source"]["name"], p["source"]["version"]) for p in self.report["packages"]),
                         sorted(tuple(line.split("\t")) for line in listed.splitlines()))

    def test_says_which_layer_and_instruction_brought_the_packages(self):
        layers = self.report["image"]["layers"]
        self.assertEqual([layer["created_by"] for layer in layers], ["ADD root.tar /", "COPY hello /opt/hello"])
        self.assertEqual({p["layer"] for p in self.report["packages"]}, {layers[0]["diff_id"]})

    def test_names_the_distribution_and_its_end_of_life(self):
        system = self.report["image"]["os"]
        self.assertEqual((system["id"], system["version_id"]), ("debian", "12"))
        self.assertRegex(system["end_of_life"], r"^20\d\d-\d\d-\d\d$")

    def test_answers_the_same_whatever_form_the_image_has(self):
        forms = {
            "oci-archive": f"oci-archive:{self.folder}/image.oci.tar:latest",
            "docker-archive": f"docker-archive:{self.folder}/image.docker.tar:debian:latest",
        }
        for form, target in forms.items():
            with self.subTest(form):
                run("skopeo", "copy", "--insecure-policy", f"oci:{self.layout}:latest", target)
                path = target.split(":")[1]
                report = scan_json(path)
                self.assertEqual(packages_of(report), packages_of(self.report))
                self.assertEqual([f["id"] for f in report["findings"]], [f["id"] for f in self.report["findings"]])
                self.assertEqual([la["diff_id"] for la in report["image"]["layers"]],
                                 [la["diff_id"] for la in self.report["image"]["layers"]])
                with open(path, "rb") as archive:
                    piped = subprocess.run([images.BULKHEAD, "scan", "-f", "json", "-"], stdin=archive, capture_output=True, check=True,
                                           env=dict(os.environ, XDG_CACHE_HOME=str(self.folder / "cold")))
                self.assertEqual(packages_of(json.loads(piped.stdout)), packages_of(self.report))
                run("gzip", "-1", "-k", "-f", path)
                self.assertEqual(packages_of(scan_json(f"{path}.gz")), packages_of(self.report))
        with self.subTest("root file system"):
            self.assertEqual(packages_of(scan_json(f"rootfs:{self.root}")), packages_of(self.report))
        with self.subTest("zstd layers"):
            run("skopeo", "copy", "--insecure-policy", "--dest-compress-format", "zstd", f"oci:{self.layout}:latest", f"oci:{self.folder}/zstd:latest")
            report = scan_json(f"oci:{self.folder}/zstd:latest", "--no-cache")
            self.assertIn("zstd", report["image"]["layers"][0]["media_type"])
            self.assertEqual(packages_of(report), packages_of(self.report))

    def test_gives_the_same_bytes_cold_and_warm(self):
        cache = self.folder / "cache"
        cold = bulkhead("sbom", f"oci:{self.layout}:latest", "--cache-dir", cache).stdout
        self.assertTrue(any(cache.rglob("*")))
        warm = bulkhead("sbom", f"oci:{self.layout}:latest", "--cache-dir", cache).stdout
        without = bulkhead("sbom", f"oci:{self.layout}:latest", "--no-cache").stdout
        self.assertEqual(cold, warm)
        self.assertEqual(cold, without)

    def test_json_follows_its_schema(self):
        import jsonschema
        jsonschema.Draft202012Validator(report_schema()).validate(self.report)
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(report_schema()).validate(self.report | {"undescribed": 1})

    def test_json_is_ordered_as_its_schema_says(self):
        for report in (self.report, scan_json("--ignore-file", self.ignore_every_other(), f"oci:{self.layout}:latest")):
            packages = [(p["type"], p["name"], p["version"], p["architecture"] or "") for p in report["packages"]]
            self.assertEqual(packages, sorted(set(packages)))
            place = {p["purl"]: index for index, p in enumerate(report["packages"])}
            worst = ["critical", "high", "medium", "low", "negligible", "unknown"]
            for findings in (report["findings"], report["suppressed"]):
                order = [(worst.index(f["severity"]), place[f["package"]["purl"]], f["id"]) for f in findings]
                self.assertEqual(order, sorted(order))
            feeds = [(f["ecosystem"] or "", f["name"]) for f in report["feeds"]]
            self.assertEqual(feeds, sorted(feeds))
            self.assertGreater(len(report["findings"]) + len(report["suppressed"]), 1)

    def ignore_every_other(self):
        path = self.folder / "every-other.yaml"
        ids = {f["id"] for f in self.report["findings"]}
        path.write_text("".join(f"- id: {each}\n  reason: for the test\n" for each in sorted(ids)[::2]), encoding="ascii")
        return path

    def test_json_of_other_distributions_follows_its_schema(self):
        import jsonschema
        schema = report_schema()
        data = shared_data()
        if data is None:
            self.need("the package databases are not here: set BULKHEAD_TEST_DATA")
        for name, system in (("ubuntu-bionic-minbase", "ID=ubuntu\nVERSION_ID=18.04\nVERSION_CODENAME=bionic\n"),
                             ("debian-bullseye-minbase", "ID=debian\nVERSION_ID=11\n")):
            with self.subTest(name):
                root = self.folder / name
                (root / "etc").mkdir(parents=True)
                (root / "var/lib/dpkg").mkdir(parents=True)
                (root / "etc/os-release").write_text(system, encoding="ascii")
                run("zstd", "-q", "-d", data / f"fixtures/dpkg/{name}.status.zst", "-o", root / "var/lib/dpkg/status")
                report = scan_json(f"rootfs:{root}")
                jsonschema.Draft202012Validator(schema).validate(report)
                self.assertGreater(len(report["findings"]), 0)
                self.assertIsNone(report["image"]["platform"])

    def need(self, absent):
        if os.environ.get("CI", "") not in ("", "0", "false"):
            self.fail(absent)
        self.skipTest(absent)

    def test_bills_of_materials_follow_their_schemas(self):
        data = shared_data()
        if data is None:
            self.need("the published schemas are not here: set BULKHEAD_TEST_DATA")
        import jsonschema

        # Debian 12's jsonschema sorts the items that are too many, for its message, and fails where they are objects.
        def no_more_items(validator, allowed, instance, schema):
            if allowed is False and isinstance(schema.get("items"), list) and len(instance) > len(schema["items"]):
                yield jsonschema.ValidationError(f"more than {len(schema['items'])} items")

        validator = jsonschema.validators.extend(jsonschema.Draft7Validator, {"additionalItems": no_more_items})
        folder = data / "schemas"
        store = {}
        for path in (folder / "cyclonedx").glob("*.json"):
            document = json.loads(path.read_text(encoding="utf-8"))
            store[document["$id"]] = document
        schema = store["http://cyclonedx.org/schema/bom-1.6.schema.json"]
        for command in (["sbom"], ["scan", "-f", "cyclonedx"]):
            bom = json.loads(bulkhead(*command, f"oci:{self.layout}:latest").stdout)
            validator(schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store)).validate(bom)
            self.assertEqual(len([c for c in bom["components"] if c["type"] == "library"]), len(self.report["packages"]))
        spdx = json.loads(bulkhead("sbom", "-f", "spdx", f"oci:{self.layout}:latest").stdout)
        validator(json.loads((folder / "spdx-2.3/schemas_spdx-schema.json").read_text(encoding="utf-8"))).validate(spdx)
        sarif = json.loads(bulkhead("scan", "-f", "sarif", f"oci:{self.layout}:latest").stdout)
        validator(json.loads((folder / "sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))).validate(sarif)

    def test_several_outputs_at_once(self):
        bulkhead("scan", f"oci:{self.layout}:latest", "-o", f"json={self.folder}/r.json", "-o", f"junit={self.folder}/r.xml",
                 "-o", f"html={self.folder}/r.html", "-o", "table")
        self.assertEqual(json.loads((self.folder / "r.json").read_text(encoding="utf-8"))["summary"], self.report["summary"])
        suites = xml.etree.ElementTree.parse(self.folder / "r.xml").getroot()
        self.assertEqual(len(suites.findall("./testsuite/testcase/failure")), len(self.report["findings"]))
        self.assertEqual(len(suites.findall("./testsuite/testcase/skipped")), len(self.report["warnings"]))
        self.assertIn("<!DOCTYPE html>", (self.folder / "r.html").read_text(encoding="utf-8"))

    def test_a_pipe_and_a_link_stay_what_they_are(self):
        pipe, real, link = (self.folder / name for name in ("pipe", "real.json", "link.json"))
        os.mkfifo(pipe)
        link.symlink_to(real)
        with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
            bulkhead("scan", f"oci:{self.layout}:latest", "-o", f"json={pipe}", "-o", f"sarif={link}", "-o", "table=/dev/stderr")
            self.assertEqual(json.loads(reader.communicate(timeout=60)[0])["summary"], self.report["summary"])
        self.assertTrue(pipe.is_fifo())
        self.assertTrue(link.is_symlink())
        self.assertEqual(json.loads(real.read_text(encoding="utf-8"))["version"], "2.1.0")

    def test_template(self):
        template = self.folder / "t.mustache"
        template.write_text("{{#images}}{{image.os.id}} {{summary.packages}}\n{{/images}}", encoding="utf-8")
        done = bulkhead("scan", "-f", "template", "--template", template, f"oci:{self.layout}:latest")
        self.assertEqual(done.stdout, f"debian {len(self.report['packages'])}\n")

    def test_table_has_no_colours_in_a_pipe(self):
        done = bulkhead("scan", f"oci:{self.layout}:latest")
        self.assertNotIn("\x1b", done.stdout)
        self.assertEqual(done.stderr, "")

    def on_a_terminal(self, *arguments, columns=80, **variables):
        """What the program shows on a terminal of so many columns."""
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        environment.update({"XDG_CACHE_HOME": str(images.WORK / "cache"), "TERM": "xterm", **variables})
        with subprocess.Popen([images.BULKHEAD, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=environment) as program:
            os.close(slave)
            shown = b""
            while True:
                try:
                    block = os.read(master, 65536)
                except OSError:  # the other end is closed
                    break
                if not block:
                    break
                shown += block
            self.assertEqual(program.wait(timeout=600), 0, shown)
        os.close(master)
        return shown.decode("utf-8")

    def test_a_terminal_has_colours_and_lines_that_fit(self):
        image = f"oci:{self.layout}:latest"
        for columns in (60, 80):
            shown = self.on_a_terminal("scan", image, columns=columns)
            self.assertIn("\x1b[1m", shown)
            for line in shown.split("\r\n"):
                # Progress is drawn over and over on one line, and wiped before the report.
                line = re.sub(r"\x1b\[[0-9;]*m", "", line.rsplit("\r\x1b[K", 1)[-1])
                self.assertTrue(len(line) <= columns or " " not in line.strip(), line)
        self.assertNotIn("\x1b[1m", self.on_a_terminal("scan", image, NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_a_terminal("scan", "--no-cache", image, TERM="dumb"))

    def test_a_terminal_shows_progress_unless_told_not_to(self):
        image = f"oci:{self.layout}:latest"
        self.assertIn("\r\x1b[K", self.on_a_terminal("scan", "--no-cache", "-j", "1", image))
        self.assertNotIn("\r\x1b[K", self.on_a_terminal("scan", "--no-cache", "-j", "1", "--quiet", image))


class KnownFindings(unittest.TestCase):
    """A Debian 11 image is out of regular support and has fixes waiting in bullseye-security."""

    @classmethod
    def setUpClass(cls):
        cls.layout = images.debian_layout("bullseye")
        cls.report = scan_json(f"oci:{cls.layout}:latest")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-known-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def test_the_snapshot_finds_vulnerabilities_without_a_network(self):
        self.assertTrue(self.report["database"]["snapshot"])
        self.assertGreater(len(self.report["findings"]), 20)
        for finding in self.report["findings"]:
            self.assertTrue(finding["evidence"]["feed"])
            self.assertTrue(finding["evidence"]["rule"])

    def test_every_fix_is_newer_than_what_is_installed(self):
        for finding in self.report["findings"]:
            if finding["fixed_version"]:
                source = next(p["source"]["version"] for p in self.report["packages"] if p["purl"] == finding["package"]["purl"])
                run("dpkg", "--compare-versions", source, "lt", finding["fixed_version"])

    def test_exit_codes(self):
        image = f"oci:{self.layout}:latest"
        order = ["unknown", "negligible", "low", "medium", "high", "critical"]
        present = sorted({f["severity"] for f in self.report["findings"]}, key=order.index)
        lowest, highest = present[0], present[-1]
        self.assertNotEqual(lowest, highest)

        def code(*arguments):
            return bulkhead("scan", *arguments, image, ok=False).returncode

        self.assertEqual(code(), 0)
        self.assertEqual(code("--fail-on", "unknown"), 2)
        self.assertEqual(code("--fail-on", highest), 2)
        self.assertEqual(code("--fail-on", "nonsense"), 1)
        # Findings are shown, and none of them meets the threshold: because of a filter, and of an ignore file.
        self.assertEqual(code("--fail-on", highest, "--severity", lowest), 0)
        rules = self.folder / "ignore-highest.yaml"
        worst = sorted({f["id"] for f in self.report["findings"] if f["severity"] == highest})
        rules.write_text("".join(f"- {{id: {name}, reason: tested}}\n" for name in worst), encoding="utf-8")
        report = scan_json("--ignore-file", rules, image)
        self.assertGreater(len(report["findings"]), 0)
        self.assertEqual(code("--fail-on", highest, "--ignore-file", rules), 0)

    def test_a_threshold_says_what_it_could_not_weigh(self):
        image = f"oci:{self.layout}:latest"
        unknown = sum(f["severity"] == "unknown" for f in self.report["findings"])
        done = bulkhead("scan", "--format", "json", "--fail-on", "critical", image, ok=False)
        said = [w["text"] for w in json.loads(done.stdout)["warnings"] if "of unknown severity" in w["text"]]
        self.assertEqual(len(said), 1 if unknown else 0)
        if unknown:
            self.assertTrue(said[0].startswith(f"{unknown} finding"), said)

    def test_filters_hide_and_say_so(self):
        image = f"oci:{self.layout}:latest"
        everything = self.report["findings"]
        first = everything[0]["severity"]
        for flags, shown in (
                (["--only-fixed"], [f for f in everything if f["fixed_version"]]),
                (["--status", "fixed"], [f for f in everything if f["status"] == "fixed"]),
                (["--severity", first], [f for f in everything if f["severity"] == first])):
            with self.subTest(flags):
                self.assertGreater(len(shown), 0)
                report = scan_json(*flags, image)
                hidden = len(everything) - len(shown)
                self.assertEqual(report["findings"], shown)
                self.assertEqual(report["summary"]["hidden"], hidden)
                said = [w["text"] for w in report["warnings"] if "hidden" in w["text"]]
                last = bulkhead("scan", *flags, image).stdout.splitlines()[-1]
                if hidden:
                    self.assertTrue(said[0].startswith(f"{hidden} finding"), said)
                    self.assertIn(f"; {hidden} hidden", last)
                else:  # every finding of this image has a fix
                    self.assertEqual(said, [])
                    self.assertNotIn("hidden", last)
        self.assertGreater(hidden, 0)  # the last of them hides in every image with findings of two severities

    def test_hiding_everything_is_not_called_safe(self):
        absent = next(s for s in ("end_of_life", "under_investigation", "fix_deferred", "will_not_fix")
                      if not any(f["status"] == s for f in self.report["findings"]))
        last = bulkhead("scan", "--status", absent, f"oci:{self.layout}:latest").stdout.splitlines()[-1]
        self.assertIn(f"({len(self.report['findings'])} hidden, 0 ignored)", last)
        self.assertNotIn("no known vulnerability", last)

    def test_ignore_file_with_expiry(self):
        first = self.report["findings"][0]
        rules = self.folder / "ignore.yaml"
        rules.write_text(f"- id: {first['id']}\n  reason: tested\n  expires: 2999-12-31\n", encoding="utf-8")
        report = scan_json("--ignore-file", rules, f"oci:{self.layout}:latest")
        self.assertNotIn(first["id"], {f["id"] for f in report["findings"]})
        self.assertIn(first["id"], {f["id"] for f in report["suppressed"] if f["suppression"] == "ignored"})
        rules.write_text(f"- id: {first['id']}\n  reason: tested\n  expires: 2020-01-01\n", encoding="utf-8")
        report = scan_json("--ignore-file", rules, f"oci:{self.layout}:latest")
        self.assertIn(first["id"], {f["id"] for f in report["findings"]})
        self.assertTrue(any("expired on 2020-01-01" in w["text"] for w in report["warnings"]))

    def test_explains_what_is_reported_and_what_is_not(self):
        first = self.report["findings"][0]
        text = bulkhead("scan", "--explain", first["id"], f"oci:{self.layout}:latest").stdout
        for part in (first["evidence"]["feed"], first["evidence"]["record"], f"rule {first['evidence']['rule']}", first["package"]["name"]):
            self.assertIn(part, text)
        self.assertRegex(text, r"(?m)^ *=> reported")
        text = bulkhead("scan", "--explain", "CVE-1999-99999", f"oci:{self.layout}:latest").stdout
        self.assertIn("No feed in this database knows the id.", text)
        self.assertNotIn("=> reported", text)

    def test_an_explanation_warns_of_what_a_report_would_warn_of(self):
        image = f"oci:{self.layout}:latest"
        with tempfile.TemporaryDirectory(prefix="bulkhead-explain-") as made:
            nothing = f"rootfs:{made}"
            text = bulkhead("scan", "--explain", "CVE-2023-4911", "--explain", "CVE-1999-99999", nothing, image).stdout
            parts = re.split(r"(?m)^(?=rootfs:|oci:)", text)
            self.assertEqual([part.splitlines()[0] for part in parts if part], [nothing, image])
            reports = scan_json(nothing, image)
        for part, report in zip(parts[1:], reports):
            self.assertEqual([line for line in part.splitlines() if line.startswith("CVE-")], ["CVE-2023-4911", "CVE-1999-99999"])
            warnings = [line.removeprefix("warning: ") for line in part.splitlines() if line.startswith("warning: ")]
            self.assertEqual(warnings, [f"{w['subject']}: {w['text']}" if w["subject"] else w["text"] for w in report["warnings"]])
            self.assertRegex(part, r"the snapshot of \d{4}-\d\d-\d\d that came with the program; update with `bulkhead db update`")
        self.assertIn("warning: no distribution and no package database was found", parts[1])
        alone = bulkhead("scan", "--explain", "CVE-1999-99999", image).stdout
        self.assertTrue(alone.startswith("CVE-1999-99999\n"), alone)  # one image needs no name


class Undecided(unittest.TestCase):
    """What a publisher has not decided is no finding, and one when it is asked for."""

    def test_status_asks_for_what_is_under_investigation(self):
        with tempfile.TemporaryDirectory(prefix="bulkhead-undecided-") as made:
            folder = pathlib.Path(made)
            for name in ("feeds", "root/etc", "root/var/lib/dpkg"):
                (folder / name).mkdir(parents=True)
            state = {"releases": {"bookworm": {"status": "undetermined", "urgency": "unimportant", "repositories": {"bookworm": "1.0-1"}}}}
            (folder / "feeds/data.json").write_text(json.dumps({"x": {"CVE-2026-1": state}}), encoding="ascii")
            (folder / "root/etc/os-release").write_text("ID=debian\nVERSION_ID=12\n", encoding="ascii")
            (folder / "root/var/lib/dpkg/status").write_text(
                "Package: x\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n", encoding="ascii")
            bulkhead("db", "build", "--from", folder / "feeds", "-o", folder / "a.db")
            for flags, found, suppressed in (([], [], ["under_investigation"]),
                                             (["--status", "fixed"], [], ["under_investigation"]),
                                             (["--status", "under_investigation"], ["under_investigation"], []),
                                             (["--status", "fixed,under_investigation"], ["under_investigation"], [])):
                with self.subTest(flags=flags):
                    report = scan_json("--db", folder / "a.db", *flags, f"rootfs:{folder / 'root'}")
                    self.assertEqual([f["status"] for f in report["findings"]], found)
                    self.assertEqual([f["suppression"] for f in report["suppressed"]], suppressed)


class RedHatRepositories(unittest.TestCase):
    """From Red Hat's own documents and an image's content manifest to findings."""

    @classmethod
    def setUpClass(cls):
        data = shared_data()
        if data is None:
            raise unittest.SkipTest("the feeds are not here: set BULKHEAD_TEST_DATA")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-redhat-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        feeds = cls.folder / "feeds"
        feeds.mkdir()
        for name in ("repository-to-cpe.json.zst", "vex/cve-2024-0727-openssl.json.zst"):
            shutil.copy(data / "feeds/redhat" / name, feeds)
        cls.database = cls.folder / "advisories.db"
        bulkhead("db", "build", "--from", feeds, "-o", cls.database)

    def root(self, name, repositories):
        root = self.folder / name
        (root / "etc").mkdir(parents=True)
        (root / "etc/os-release").write_text('ID="rhel"\nVERSION_ID="9.3"\n', encoding="ascii")
        (root / "var/lib/rpmmanifest").mkdir(parents=True)
        (root / "var/lib/rpmmanifest/container-manifest-2").write_text(
            "openssl-libs\t3.0.7-24.el9\t1\t2\tRed Hat, Inc.\t1\t3\tx86_64\t1\topenssl-3.0.7-24.el9.src.rpm\n", encoding="ascii")
        if repositories:
            manifests = root / "root/buildinfo/content_manifests"
            manifests.mkdir(parents=True)
            (manifests / "ubi9-container-9.3-1.json").write_text(
                json.dumps({"metadata": {"icm_version": 1, "image_layer_index": 0}, "content_sets": repositories}), encoding="ascii")
        return f"rootfs:{root}"

    def findings(self, image, repositories):
        report = scan_json("--db", self.database, image)
        self.assertEqual(report["image"]["layers"][0].get("repositories", []), repositories)
        return [(f["id"], f["status"], f["fixed_version"], f["evidence"]["feed"]) for f in report["findings"]]

    def test_records_count_for_the_repositories_of_the_image(self):
        known = [("CVE-2024-0727", "fixed", "1:3.0.7-27.el9", "redhat-vex")]
        baseos = ["rhel-9-for-x86_64-appstream-rpms", "rhel-9-for-x86_64-baseos-rpms"]
        eus = ["rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_0"]
        for name, repositories, expected in (("baseos", baseos, known), ("eus", eus, []), ("none", [], known)):
            with self.subTest(name):
                image = self.root(name, repositories)
                self.assertEqual(self.findings(image, repositories), expected)
                text = bulkhead("scan", "--db", self.database, "--explain", "CVE-2024-0727", image).stdout
                self.assertIn(repositories[0] if repositories else "no content manifest tells", text)


if __name__ == "__main__":
    unittest.main()
