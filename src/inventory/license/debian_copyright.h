// The licences of a Debian package, out of /usr/share/doc/<package>/copyright.
// Sources: DEP-5 / copyright-format 1.0 (debian-policy) for the machine-readable kind; for the free-form kind,
// references to /usr/share/common-licenses and the wording of well-known licences.
//
// Pure and thread-safe; trust of the input: none; time is linear in the text. There are no errors: what is not
// recognised is left out of free-form texts, and given as found where the machine-readable format names it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::inventory {

// Every licence that the file names, sorted and unique: SPDX expressions where the name is known ("GPL-2.0-or-later",
// "Artistic-1.0 OR GPL-1.0-or-later"), else the name as found ("public-domain"). What applies jointly ("A and B")
// stands apart; alternatives stay together.
std::vector<std::string> licenses_of_copyright(std::string_view text);

// The SPDX expression, or names as found, of a licence synopsis as DEP-5 writes it: "GPL-2+ with Font exception, and
// MIT".
std::vector<std::string> licenses_of_synopsis(std::string_view synopsis);

// The licences of a package database's one licence field, as apk, opkg and rpm have it: an SPDX expression, packagers'
// names joined by words ("GPLv2+ and MIT") or merely set side by side ("GPL2 BSD"). What is not known stays as found.
std::vector<std::string> licenses_of_field(std::string_view field);

// What free-form text reveals: notices of the GNU licences, references to common-licenses, and the permissive licences
// whose characteristic sentences are all there. Doubtful text gives nothing.
std::vector<std::string> recognise_licenses(std::string_view text);

}  // namespace bulkhead::inventory
