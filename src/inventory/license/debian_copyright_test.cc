#include "inventory/license/debian_copyright.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/license/license_names.h"

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct NameCase {
  std::string_view name;
  std::string_view spdx;  // empty: unknown
};
class LicenseName : public testing::TestWithParam<NameCase> {};

TEST_P(LicenseName, HasTheIdentifierThatSpdxGivesIt) {
  EXPECT_EQ(spdx_of_license_name(GetParam().name).value_or(""), GetParam().spdx) << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, LicenseName,
    testing::Values(NameCase{"GPL-2+", "GPL-2.0-or-later"}, NameCase{"GPL-2", "GPL-2.0-only"},
                    NameCase{"gplv3+", "GPL-3.0-or-later"}, NameCase{"GPL-2.0+", "GPL-2.0-or-later"},
                    NameCase{"GPL-2.0-or-later", "GPL-2.0-or-later"}, NameCase{"GPL-3.0.0", "GPL-3.0-only"},
                    NameCase{"LGPL-2.1+", "LGPL-2.1-or-later"}, NameCase{"LGPLv2.1+", "LGPL-2.1-or-later"},
                    NameCase{"LGPL-2", "LGPL-2.0-only"}, NameCase{"AGPL-3+", "AGPL-3.0-or-later"},
                    NameCase{"GFDL-1.3+", "GFDL-1.3-or-later"},
                    NameCase{"GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"}, NameCase{"GPL", ""},
                    NameCase{"GPL-", ""}, NameCase{"GPL-9", ""}, NameCase{"GPL-2+x", ""}, NameCase{"Expat", "MIT"},
                    NameCase{"MIT/X11", "MIT"}, NameCase{"BSD-3-clause", "BSD-3-Clause"},
                    NameCase{"Apache-2", "Apache-2.0"}, NameCase{"zlib", "Zlib"}, NameCase{"Artistic", "Artistic-1.0"},
                    NameCase{"OpenLDAP-2.8", "OLDAP-2.8"}, NameCase{"public-domain", ""}, NameCase{"BSD", ""},
                    NameCase{"", ""}));

struct SynopsisCase {
  std::string_view synopsis;
  std::vector<std::string> licenses;
};
class LicenseSynopsis : public testing::TestWithParam<SynopsisCase> {};

TEST_P(LicenseSynopsis, KeepsAlternativesTogetherAndTheRestApart) {
  EXPECT_EQ(licenses_of_synopsis(GetParam().synopsis), GetParam().licenses) << GetParam().synopsis;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, LicenseSynopsis,
    testing::Values(
        SynopsisCase{"GPL-2+", {"GPL-2.0-or-later"}},
        SynopsisCase{"GPL-1+ or Artistic", {"GPL-1.0-or-later OR Artistic-1.0"}},
        SynopsisCase{"BSL-1.0 and Jam", {"BSL-1.0", "Jam"}},
        SynopsisCase{"GPL-2+ or Artistic and BSD-2-clause", {"GPL-2.0-or-later OR Artistic-1.0 AND BSD-2-Clause"}},
        SynopsisCase{"GPL-2+ or Artistic, and BSD-2-clause", {"BSD-2-Clause", "GPL-2.0-or-later OR Artistic-1.0"}},
        SynopsisCase{"MIT, ISC", {"ISC", "MIT"}}, SynopsisCase{"GPL-2+ or Foo", {"GPL-2+ or Foo"}},
        SynopsisCase{"GPL-2+ with Font exception", {"GPL-2.0-or-later WITH Font-exception-2.0"}},
        SynopsisCase{"GPL-2 with Linux-syscall-note exception", {"GPL-2.0-only WITH Linux-syscall-note"}},
        SynopsisCase{"GPL-2+ with OpenSSL exception", {"GPL-2+ with OpenSSL exception"}},
        SynopsisCase{"GPL-2+ with Font exception with X", {"GPL-2+ with Font exception with X"}},
        SynopsisCase{"with Font exception", {"with Font exception"}}, SynopsisCase{"with", {"with"}},
        SynopsisCase{"MIT with", {"MIT with"}}, SynopsisCase{"with with and MIT with", {"MIT with", "with with"}},
        SynopsisCase{"public-domain", {"public-domain"}}, SynopsisCase{"", {}}, SynopsisCase{"and or ,", {}},
        SynopsisCase{"MIT and", {"MIT"}}, SynopsisCase{"or MIT", {"MIT"}}, SynopsisCase{", , MIT", {"MIT"}}));

struct FieldCase {
  std::string_view field;
  std::vector<std::string> licenses;
};
class LicenseField : public testing::TestWithParam<FieldCase> {};

TEST_P(LicenseField, IsReadInWhicheverNotationItIs) {
  EXPECT_EQ(licenses_of_field(GetParam().field), GetParam().licenses) << GetParam().field;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, LicenseField,
    testing::Values(FieldCase{"", {}}, FieldCase{"MIT", {"MIT"}}, FieldCase{"GPL2", {"GPL-2.0-only"}},
                    FieldCase{"MIT AND BSD-2-Clause", {"BSD-2-Clause", "MIT"}},
                    FieldCase{"MIT OR Apache-2.0", {"MIT OR Apache-2.0"}},
                    FieldCase{"(MIT OR Apache-2.0) AND Zlib", {"(MIT OR Apache-2.0) AND Zlib"}},
                    FieldCase{"GPL-2.0-only WITH Linux-syscall-note", {"GPL-2.0-only WITH Linux-syscall-note"}},
                    FieldCase{"GPL2+ MIT", {"GPL-2.0-or-later", "MIT"}},
                    FieldCase{"GPLv2+ and MIT", {"GPL-2.0-or-later", "MIT"}}, FieldCase{"BSD", {"BSD"}},
                    FieldCase{"custom  weird", {"custom weird"}}, FieldCase{"(odd thing)", {"(odd thing)"}}));

TEST(MachineReadableCopyright, GivesTheLicencesOfItsFiles) {
  EXPECT_THAT(licenses_of_copyright("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
                                    "Upstream-Name: x\n\n"
                                    "Files: *\nCopyright: me\nLicense: GPL-2+\n\n"
                                    "Files: lib/*\nCopyright: me\nLicense: Expat\n Permission is hereby granted…\n\n"
                                    "Files: debian/*\nCopyright: you\nLicense: GPL-2+\n\n"
                                    "License: GPL-2+\n This is free software\n .\n more\n\nLicense: unused\n text\n"),
              ElementsAre("GPL-2.0-or-later", "MIT"));
}

TEST(MachineReadableCopyright, GivesTheHeadersLicenceAndStandAloneOnesWhereThereAreNoFiles) {
  EXPECT_THAT(licenses_of_copyright("Format: 1.0\nLicense: ISC\n\nFiles: *\nCopyright: me\nLicense: MIT\n"),
              ElementsAre("ISC", "MIT"));
  EXPECT_THAT(licenses_of_copyright("Format: 1.0\n\nLicense: Zlib\n text\n"), ElementsAre("Zlib"));
}

TEST(MachineReadableCopyright, RecognisesALicenceThatIsWrittenOutInPlaceOfItsName) {
  EXPECT_THAT(
      licenses_of_copyright(
          "Format: 1.0\n\nFiles: *\nCopyright: me\nLicense: Permission to use, copy, modify, and distribute this "
          "software\n"
          " for any purpose with or without fee is hereby granted, provided that the above copyright notice and this\n"
          " permission notice appear in all copies.\n"),
      ElementsAre("ISC"));
}

TEST(FreeFormCopyright, ReadsNoticesOfTheGnuLicences) {
  EXPECT_THAT(recognise_licenses("  The GNU C Library is free software; you can redistribute it and/or\n"
                                 "  modify it under the terms of the GNU Lesser General Public\n"
                                 "  License as published by the Free Software Foundation; either\n"
                                 "  version 2.1 of the License, or (at your option) any later version.\n"
                                 "On Debian systems see `/usr/share/common-licenses/LGPL-2.1'.\n"),
              ElementsAre("LGPL-2.1-or-later"));
  EXPECT_THAT(recognise_licenses(
                  "under the terms of the GNU General Public License version 2 as published by the Free Software\n"
                  "Foundation; version 2 of the License.\n"),
              ElementsAre("GPL-2.0-only"));
  EXPECT_THAT(
      recognise_licenses("the terms of the GNU General Public License as published by the Free Software Foundation;\n"
                         "version 2 of the License. see /usr/share/common-licenses/GPL-2."),
      ElementsAre("GPL-2.0-only"));
}

TEST(FreeFormCopyright, FollowsReferencesToCommonLicenses) {
  EXPECT_THAT(recognise_licenses("see /usr/share/common-licenses/Apache-2.0.\n"), ElementsAre("Apache-2.0"));
  EXPECT_THAT(recognise_licenses("`/usr/share/common-licenses/GPL'"), ElementsAre("GPL"));
  EXPECT_THAT(recognise_licenses("(/usr/share/common-licenses/Artistic) and /usr/share/common-licenses/BSD"),
              ElementsAre("Artistic-1.0", "BSD-3-Clause"));
  EXPECT_THAT(recognise_licenses("/usr/share/common-licenses/Unheard-1"), IsEmpty());
}

constexpr std::string_view kBsdConditions =
    "Redistribution and use in source and binary forms, with or without\n"
    " * modification, are permitted provided that the following conditions\n"
    " * are met:\n"
    " * 1. Redistributions of source code must retain the above copyright\n"
    " *    notice, this list of conditions and the following disclaimer.\n"
    " * 2. Redistributions in binary form must reproduce the above copyright\n"
    " *    notice, this list of conditions and the following disclaimer.\n";

TEST(FreeFormCopyright, TellsTheBsdLicencesApart) {
  const std::string conditions(kBsdConditions);
  const std::string disclaimer = " * THIS SOFTWARE IS PROVIDED ``AS IS''\n";
  const std::string endorsement = " * 3. The name may not be used to endorse or promote products\n";
  const std::string advertising = " * 3. All advertising materials mentioning features or use\n";
  EXPECT_THAT(recognise_licenses(conditions + disclaimer), ElementsAre("BSD-2-Clause"));
  EXPECT_THAT(recognise_licenses(conditions + endorsement + disclaimer), ElementsAre("BSD-3-Clause"));
  EXPECT_THAT(recognise_licenses(conditions + advertising + endorsement + disclaimer), ElementsAre("BSD-4-Clause"));
  EXPECT_THAT(recognise_licenses(conditions + disclaimer + conditions + endorsement + disclaimer),
              ElementsAre("BSD-2-Clause", "BSD-3-Clause"));
  EXPECT_THAT(recognise_licenses(conditions), IsEmpty());
}

TEST(FreeFormCopyright, KnowsMitOnlyByAllOfItsSentences) {
  const std::string mit =
      "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software and associated "
      "documentation "
      "files (the \"Software\"), to deal\nin the Software without restriction, including…\nThe above copyright notice "
      "and this "
      "permission notice shall be included in\nall copies or substantial portions of the Software.\n";
  EXPECT_THAT(recognise_licenses(mit), ElementsAre("MIT"));
  EXPECT_THAT(recognise_licenses(mit + "Except as contained in this notice, the name of…"), IsEmpty());
  EXPECT_THAT(recognise_licenses(mit.substr(0, 200)), IsEmpty());
}

TEST(FreeFormCopyright, SaysNothingOfTextItDoesNotKnow) {
  EXPECT_THAT(recognise_licenses(""), IsEmpty());
  EXPECT_THAT(recognise_licenses("All rights reserved. Ask the author. GPL is mentioned here, MIT as well."),
              IsEmpty());
  EXPECT_THAT(licenses_of_copyright(std::string(1 << 20, '*')), IsEmpty());
  EXPECT_THAT(licenses_of_copyright("Format: 1.0\n broken\nno colon\n"), IsEmpty());
}

TEST(FreeFormCopyright, StaysLinearOnRepeatedOpenings) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += "redistribution and use in source and binary forms, with or without modification, are permitted ";
  for (int i = 0; i < 20'000; ++i)
    text += "any express or implied warranty /usr/share/common-licenses/ gnu general public license ";
  EXPECT_THAT(recognise_licenses(text), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::inventory
