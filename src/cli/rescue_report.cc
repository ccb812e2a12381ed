#include "cli/rescue_report.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_writer.h"
#include "base/text.h"

namespace bulkhead::cli {
namespace {

// Where the private key of a role is: in the store, only in the folder, or nowhere here.
std::string_view place_of(const RescueReport& report, const std::string& notary_id) {
  const auto key = std::ranges::find(report.keys, notary_id, &KeyReport::notary_id);
  if (key == report.keys.end()) return "not here";
  return key->reference.empty() ? "in the trust folder" : "in the key store";
}

void add_losses(const std::vector<trust::RescueLoss>& losses, std::string& out) {
  for (const trust::RescueLoss& loss : losses) {
    out += fmt::format("  LOST      {}: {}\n", printable(loss.what), printable(loss.why));
  }
}

void write_losses(json::Writer& w, const std::vector<trust::RescueLoss>& losses) {
  w.key("lost");
  w.begin_array();
  for (const trust::RescueLoss& loss : losses) {
    w.begin_object();
    w.member("what", loss.what);
    w.member("why", loss.why);
    w.end_object();
  }
  w.end_array();
}

void write_strings(json::Writer& w, std::string_view name, const std::vector<std::string>& texts) {
  w.key(name);
  w.begin_array();
  for (const std::string& text : texts) w.string(text);
  w.end_array();
}

}  // namespace

bool RescueReport::complete() const {
  return lost.empty() && std::ranges::all_of(repositories, [](const auto& each) { return each.found.lost.empty(); });
}

std::string rescue_text(const RescueReport& report) {
  std::string out;
  size_t tags = 0;
  for (const RepositoryReport& each : report.repositories) {
    out += printable(each.found.gun) + "\n";
    tags += each.found.tags.size();
    for (size_t i = 0; i < each.found.tags.size(); ++i) {
      const trust::RescuedTag& tag = each.found.tags[i];
      const Reissued done = i < each.reissued.size() ? each.reissued[i] : Reissued();
      out += fmt::format("  {:<9} {}  {}  by {}{}{}{}{}\n", "tag", tag.tag, tag.digest.to_string(), printable(tag.role),
                         tag.signers.empty() ? "" : " and ", printable(fmt::format("{}", fmt::join(tag.signers, ", "))),
                         done.in_map ? "; in the map" : "", done.is_signed ? "; signed" : "");
    }
    for (const trust::RoleKeyId& key : each.found.keys) {
      out += fmt::format("  {:<9} {}  {}  {}\n", "key", printable(key.role), key.notary_id,
                         place_of(report, key.notary_id));
    }
    for (const std::string& text : each.found.tolerated) out += fmt::format("  TOLERATED {}\n", printable(text));
    add_losses(each.found.lost, out);
  }
  if (!report.keys.empty()) out += "keys of the trust folder\n";
  for (const KeyReport& key : report.keys) {
    out += fmt::format("  {:<9} {}  {}{}{}{}{}\n", "key", key.notary_id, printable(key.role),
                       key.gun.empty() ? "" : " of ", printable(key.gun), key.reference.empty() ? "" : "  ",
                       key.reference);
  }
  add_losses(report.lost, out);
  return out + fmt::format("{} tags of {} repositories are vouched for{}\n", tags, report.repositories.size(),
                           report.complete() ? "" : "; see what is lost, and why, above");
}

std::string rescue_json(const RescueReport& report) {
  json::Writer w;
  w.begin_object();
  w.key("repositories");
  w.begin_array();
  for (const RepositoryReport& each : report.repositories) {
    w.begin_object();
    w.member("gun", each.found.gun);
    w.key("tags");
    w.begin_array();
    for (size_t i = 0; i < each.found.tags.size(); ++i) {
      const trust::RescuedTag& tag = each.found.tags[i];
      const Reissued done = i < each.reissued.size() ? each.reissued[i] : Reissued();
      w.begin_object();
      w.member("tag", tag.tag);
      w.member("digest", tag.digest.to_string());
      w.key("size");
      w.unsigned_integer(tag.size);
      w.member("role", tag.role);
      write_strings(w, "signers", tag.signers);
      w.member("in_map", done.in_map);
      w.member("signed", done.is_signed);
      w.end_object();
    }
    w.end_array();
    w.key("keys");
    w.begin_array();
    for (const trust::RoleKeyId& key : each.found.keys) {
      w.begin_object();
      w.member("role", key.role);
      w.member("notary_id", key.notary_id);
      w.member("private", place_of(report, key.notary_id));
      w.end_object();
    }
    w.end_array();
    write_strings(w, "tolerated", each.found.tolerated);
    write_losses(w, each.found.lost);
    w.end_object();
  }
  w.end_array();
  w.key("keys");
  w.begin_array();
  for (const KeyReport& key : report.keys) {
    w.begin_object();
    w.member("notary_id", key.notary_id);
    w.member_if("reference", key.reference);
    w.member_if("role", key.role);
    w.member_if("gun", key.gun);
    w.end_object();
  }
  w.end_array();
  write_losses(w, report.lost);
  w.member("complete", report.complete());
  w.end_object();
  return std::move(w).take();
}

}  // namespace bulkhead::cli
