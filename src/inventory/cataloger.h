// Catalogers: what finds packages. Each knows one kind of package database, in two steps:
//   1. its Analysers turn a database file into a small value, layer by layer; the values are cached with the layer;
//   2. collect() decodes the values that the merged image holds and adds Packages to the Inventory.
// A cataloger is one file, and one line in the table of catalogers.cc; nothing else changes.
//
// Catalogers and their analysers are immutable objects that live as long as the program; all of their functions are
// const, pure and thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/package.h"
#include "layer/analyser.h"
#include "layer/merged_image.h"

namespace bulkhead::inventory {

// Something about a file that the user should know, although the scan goes on.
struct Diagnostic {
  std::string path;  // relative to the root of the image
  std::string message;
};

struct Inventory {
  OperatingSystem os;
  std::vector<Package> packages;  // sorted by type, name, version, architecture; no two are alike in all four
  std::vector<Diagnostic> diagnostics;
  // Of a Red Hat image, by layer: the repositories that its packages are from. Empty, or past the end: unknown.
  std::vector<std::vector<std::string>> layer_repositories;
};

class Cataloger {
 public:
  Cataloger() = default;
  Cataloger(const Cataloger&) = delete;
  Cataloger& operator=(const Cataloger&) = delete;
  virtual ~Cataloger() = default;

  virtual std::string_view name() const = 0;
  virtual std::span<const layer::Analyser* const> analysers() const = 0;

  // Adds what the image holds. Package::files stays empty here. kMalformed when a value or a package database cannot be
  // read, or the folder of one may not be: to answer without it would be to answer "no packages".
  virtual Status collect(const layer::MergedImage& image, Inventory& inventory) const = 0;

  // Fills Package::files of the packages that collect() added. Apart from collect(), because most scans do not need the
  // lists, and they are larger than everything else together.
  virtual Status collect_files(const layer::MergedImage& image, Inventory& inventory) const;
};

// All of them, in the order in which they collect: the operating system first.
std::span<const Cataloger* const> catalogers();

// Every analyser of every cataloger: what the layer walk must be given for take_inventory() to find anything.
std::vector<const layer::Analyser*> inventory_analysers();

// The operating system and all packages of an image whose layers were walked with inventory_analysers().
Result<Inventory> take_inventory(const layer::MergedImage& image);

// Fills Package::files for every package whose database says; see Cataloger::collect_files.
Status load_files(const layer::MergedImage& image, Inventory& inventory);

// The same where it is of use: when there is a package that an operating system's may have installed, a language's.
Status load_files_of_owners(const layer::MergedImage& image, Inventory& inventory);

}  // namespace bulkhead::inventory
