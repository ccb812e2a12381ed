#include "report/junit_document.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/mustache.h"

namespace bulkhead::report {

JunitSuite::JunitSuite(std::string name, std::string_view subject) : name_(std::move(name)), class_name_(subject) {
  std::ranges::replace(class_name_, '.', '_');
  class_name_.insert(0, "bulkhead.");
}

void JunitSuite::add_property(std::string_view name, std::string_view value) {
  properties_ +=
      fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", markup_escaped(name), markup_escaped(value));
}

void JunitSuite::passed(std::string_view name) {
  add(name, {});
}

void JunitSuite::failed(std::string_view name, std::string_view type, std::string_view message,
                        std::string_view details) {
  add(name, fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", markup_escaped(type),
                        markup_escaped(message), markup_escaped(details)));
  ++counts_.failures;
}

void JunitSuite::skipped(std::string_view name, std::string_view message) {
  add(name, fmt::format("<skipped message=\"{}\"/>", markup_escaped(message)));
  ++counts_.skipped;
}

void JunitSuite::error(std::string_view name, std::string_view message) {
  add(name, fmt::format("<error message=\"{}\"/>", markup_escaped(message)));
  ++counts_.errors;
}

void JunitSuite::add(std::string_view name, std::string_view body) {
  cases_ += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"{}", markup_escaped(class_name_),
                        markup_escaped(name), body.empty() ? "/>\n" : ">\n");
  if (!body.empty()) cases_ += fmt::format("      {}\n    </testcase>\n", body);
  ++counts_.tests;
}

std::string JunitSuite::Counts::text() const {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\"", tests, failures, errors,
                     skipped);
}

std::string junit_document(std::string_view name, std::span<const JunitSuite> suites) {
  JunitSuite::Counts all;
  std::string text;
  for (const JunitSuite& suite : suites) {
    all.tests += suite.counts_.tests;
    all.failures += suite.counts_.failures;
    all.errors += suite.counts_.errors;
    all.skipped += suite.counts_.skipped;
    text += fmt::format("  <testsuite name=\"{}\" {}>\n    <properties>\n{}    </properties>\n{}  </testsuite>\n",
                        markup_escaped(suite.name_), suite.counts_.text(), suite.properties_, suite.cases_);
  }
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}</testsuites>\n",
                     markup_escaped(name), all.text(), text);
}

}  // namespace bulkhead::report
