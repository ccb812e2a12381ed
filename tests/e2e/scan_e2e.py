"""`bulkhead scan` and `bulkhead sbom` on a real Debian image, in every form it can have."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import images
from images import bulkhead, run, scan_json

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


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
        schema = json.loads((SOURCE / "docs/schemas/scan-report.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(self.report)

    def test_bills_of_materials_follow_their_schemas(self):
        schemas = os.environ.get("BULKHEAD_TEST_DATA") or next((str(p / "shared/data") for p in SOURCE.parents if (p / "shared/data/SOURCES.tsv").exists()), None)
        if schemas is None:
            absent = "the published schemas are not here: set BULKHEAD_TEST_DATA"
            if os.environ.get("CI", "") not in ("", "0", "false"):
                self.fail(absent)
            self.skipTest(absent)
        import jsonschema
        folder = pathlib.Path(schemas) / "schemas"
        store = {}
        for path in (folder / "cyclonedx").glob("*.json"):
            document = json.loads(path.read_text(encoding="utf-8"))
            store[document["$id"]] = document
        schema = store["http://cyclonedx.org/schema/bom-1.6.schema.json"]
        for command in (["sbom"], ["scan", "-f", "cyclonedx"]):
            bom = json.loads(bulkhead(*command, f"oci:{self.layout}:latest").stdout)
            jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store)).validate(bom)
            self.assertEqual(len([c for c in bom["components"] if c["type"] == "library"]), len(self.report["packages"]))
        spdx = json.loads(bulkhead("sbom", "-f", "spdx", f"oci:{self.layout}:latest").stdout)
        jsonschema.Draft7Validator(json.loads((folder / "spdx-2.3/schemas_spdx-schema.json").read_text(encoding="utf-8"))).validate(spdx)
        sarif = json.loads(bulkhead("scan", "-f", "sarif", f"oci:{self.layout}:latest").stdout)
        jsonschema.Draft7Validator(json.loads((folder / "sarif/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))).validate(sarif)

    def test_several_outputs_at_once(self):
        bulkhead("scan", f"oci:{self.layout}:latest", "-o", f"json={self.folder}/r.json", "-o", f"junit={self.folder}/r.xml",
                 "-o", f"html={self.folder}/r.html", "-o", "table")
        self.assertEqual(json.loads((self.folder / "r.json").read_text(encoding="utf-8"))["summary"], self.report["summary"])
        suites = xml.etree.ElementTree.parse(self.folder / "r.xml").getroot()
        self.assertEqual(len(suites.findall("./testsuite/testcase")), len(self.report["findings"]))
        self.assertIn("<!DOCTYPE html>", (self.folder / "r.html").read_text(encoding="utf-8"))

    def test_template(self):
        template = self.folder / "t.mustache"
        template.write_text("{{#images}}{{image.os.id}} {{summary.packages}}\n{{/images}}", encoding="utf-8")
        done = bulkhead("scan", "-f", "template", "--template", template, f"oci:{self.layout}:latest")
        self.assertEqual(done.stdout, f"debian {len(self.report['packages'])}\n")

    def test_table_has_no_colours_in_a_pipe(self):
        done = bulkhead("scan", f"oci:{self.layout}:latest")
        self.assertNotIn("\x1b", done.stdout)
        self.assertEqual(done.stderr, "")


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
        self.assertEqual(bulkhead("scan", image, ok=False).returncode, 0)
        self.assertEqual(bulkhead("scan", "--fail-on", "unknown", image, ok=False).returncode, 2)
        self.assertEqual(bulkhead("scan", "--fail-on", "nonsense", image, ok=False).returncode, 1)

    def test_filters_hide_and_say_so(self):
        report = scan_json("--only-fixed", f"oci:{self.layout}:latest")
        self.assertTrue(all(f["fixed_version"] for f in report["findings"]))
        wanted = {"fixed"}
        report = scan_json("--status", "fixed", f"oci:{self.layout}:latest")
        self.assertLessEqual({f["status"] for f in report["findings"]}, wanted)

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
        self.assertIn(first["id"], text)
        self.assertIn(first["evidence"]["feed"], text)
        text = bulkhead("scan", "--explain", "CVE-1999-99999", f"oci:{self.layout}:latest").stdout
        self.assertIn("CVE-1999-99999", text)


if __name__ == "__main__":
    unittest.main()
