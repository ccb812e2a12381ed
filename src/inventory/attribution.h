// Which layer brought a package. A package database is written anew by every layer that installs something, so the
// newest version of it says nothing about when a package came. Rule: a package belongs to the lowest layer from which
// on the databases of its kind name it, with the same name, version and architecture, without a gap up to the top.
//
// A database file is in force from the layer that wrote it until a higher layer writes the same path. A file that a
// whiteout hides counts as in force until another layer writes it again: the layer that moved a database elsewhere did
// not install the packages in it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/cataloger.h"
#include "inventory/package.h"

namespace bulkhead::inventory {

// What keeps the scan from going on: a visible database without a value, for the reason `why`. `repair` is the remedy
// of one that is damaged; that of one that could not be read is about who may read it. kMalformed, naming the path.
constexpr std::string_view kRepairDatabase =
    "repair the package database or rebuild the layer that wrote it: without it the scan would miss packages";
Error unreadable_database(const layer::FileFact& fact, std::string_view why, std::string_view repair = kRepairDatabase);

// The packages of all visible files of one analyser whose values are encode_packages() (package_codec.h), with layer
// and locations set. A package that several files name appears once, with all of their paths. kMalformed, naming the
// path, when a visible file has an error instead of a value, or a value does not decode. Facts of hidden files that
// cannot be read are passed over: they only make the attribution less precise.
Result<std::vector<Package>> collect_packages(const layer::MergedImage& image, std::string_view analyser);

// The same on plain facts: `visible` and `history` as MergedImage gives them.
Result<std::vector<Package>> attribute_packages(std::span<const layer::FileFact* const> visible,
                                                std::span<const layer::FileFact* const> history,
                                                std::string_view repair = kRepairDatabase);

}  // namespace bulkhead::inventory
