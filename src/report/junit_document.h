// JUnit XML, as Jenkins and GitLab read it (there is no other specification), as our reports fill it. Readers fail a
// suite without cases: who fills one sees to it that there is one. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::report {

// Texts are as they are: escaping is done here.
class JunitSuite {
 public:
  // Readers take what stands before the last dot of a class for a folder of suites: dots of `subject` become "_".
  JunitSuite(std::string name, std::string_view subject);

  void add_property(std::string_view name, std::string_view value);
  void passed(std::string_view name);
  void failed(std::string_view name, std::string_view type, std::string_view message, std::string_view details);
  void skipped(std::string_view name, std::string_view message);
  void error(std::string_view name, std::string_view message);

 private:
  friend std::string junit_document(std::string_view name, std::span<const JunitSuite> suites);
  struct Counts {
    size_t tests = 0;
    size_t failures = 0;
    size_t errors = 0;
    size_t skipped = 0;
    std::string text() const;
  };
  void add(std::string_view name, std::string_view body);

  std::string name_;
  std::string class_name_;
  Counts counts_;
  std::string properties_;
  std::string cases_;
};

std::string junit_document(std::string_view name, std::span<const JunitSuite> suites);

}  // namespace bulkhead::report
