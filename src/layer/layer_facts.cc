#include "layer/layer_facts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace bulkhead::layer {
namespace {

constexpr uint32_t kMaxAnalyserIndex = 1U << 20;

std::unexpected<Error> malformed(std::string_view problem) {
  return fail(Code::kMalformed, fmt::format("layer facts: {}", problem));
}

// A number that indexes or counts; all of them are below 2^32.
Result<uint32_t> read_number(ByteReader& reader) {
  TRY_ASSIGN(const uint64_t value, reader.varint());
  if (value > UINT32_MAX) return malformed("number too large");
  return static_cast<uint32_t>(value);
}

// How many things follow, each of at least `min_bytes`: so that no count makes us reserve more than the input pays for.
Result<uint32_t> read_count(ByteReader& reader, size_t min_bytes) {
  TRY_ASSIGN(const uint32_t count, read_number(reader));
  if (count > reader.remaining() / min_bytes) return malformed("count larger than what follows");
  return count;
}

void write_digest(ByteWriter& writer, const Digest& digest) {
  writer.string(digest.to_string());
}

Result<Digest> read_digest(ByteReader& reader) {
  TRY_ASSIGN(const std::string_view text, read_string(reader));
  if (text.empty()) return Digest();
  return Digest::parse(text);
}

void write_tree(ByteWriter& writer, const LayerTree& tree) {
  writer.varint(tree.size());
  writer.u8(static_cast<uint8_t>(tree.kind(LayerTree::kRoot)));
  for (NodeId directory = 0; directory < tree.size(); ++directory) {
    if (!is_directory(tree.kind(directory))) continue;
    const auto [first, end] = tree.children(directory);
    writer.varint(end - first);
    for (NodeId node = first; node < end; ++node) {
      const NodeKind kind = tree.kind(node);
      writer.u8(static_cast<uint8_t>(kind));
      writer.string(tree.name(node));
      if (kind == NodeKind::kSymlink || kind == NodeKind::kHardLink) writer.string(tree.target(node));
    }
  }
}

Result<NodeKind> read_kind(ByteReader& reader) {
  TRY_ASSIGN(const uint8_t kind, reader.u8());
  if (kind > static_cast<uint8_t>(NodeKind::kOther)) return malformed("unknown kind of node");
  return static_cast<NodeKind>(kind);
}

Result<LayerTree> read_tree(ByteReader& reader) {
  TRY_ASSIGN(const uint32_t count, read_count(reader, 1));
  LayerTreeAssembler assembler(count, 0);
  TRY_ASSIGN(const NodeKind root, read_kind(reader));
  TRY(assembler.add(LayerTree::kRoot, root, {}, {}));
  std::vector<NodeId> directories = {LayerTree::kRoot};
  for (size_t d = 0; d < directories.size(); ++d) {
    TRY_ASSIGN(const uint32_t children, read_count(reader, 2));
    for (uint32_t i = 0; i < children; ++i) {
      TRY_ASSIGN(const NodeKind kind, read_kind(reader));
      TRY_ASSIGN(const std::string_view name, read_string(reader));
      std::string_view target;
      if (kind == NodeKind::kSymlink || kind == NodeKind::kHardLink) {
        TRY_ASSIGN(target, read_string(reader));
      }
      if (is_directory(kind)) directories.push_back(static_cast<NodeId>(assembler.size()));
      TRY(assembler.add(directories[d], kind, name, target));
    }
  }
  if (assembler.size() != count) return malformed("tree of another size than it says");
  return std::move(assembler).finish();
}

void write_want(ByteWriter& writer, const ExtraWant& want) {
  writer.string(want.path);
  writer.string(want.wanted_as);
  writer.varint(want.analyser);
}

Result<ExtraWant> read_want(ByteReader& reader) {
  TRY_ASSIGN(const std::string_view path, read_string(reader));
  TRY_ASSIGN(const std::string_view wanted_as, read_string(reader));
  TRY_ASSIGN(const uint32_t analyser, read_number(reader));
  if (analyser > kMaxAnalyserIndex) return malformed("impossible analyser");
  return ExtraWant{.path = std::string(path), .wanted_as = std::string(wanted_as), .analyser = analyser};
}

Result<NodeId> read_file_node(ByteReader& reader, const LayerTree& tree) {
  TRY_ASSIGN(const uint32_t node, read_number(reader));
  if (node >= tree.size() || tree.kind(node) != NodeKind::kFile) return malformed("fact about what is no file");
  return node;
}

Status read_facts(ByteReader& reader, LayerFacts& facts) {
  TRY_ASSIGN(const uint32_t count, read_count(reader, 4));
  facts.facts.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    ContentFact fact;
    TRY_ASSIGN(fact.analyser, read_number(reader));
    TRY_ASSIGN(fact.node, read_file_node(reader, facts.tree));
    TRY_ASSIGN(fact.value, read_string(reader));
    TRY_ASSIGN(fact.error, read_string(reader));
    if (fact.analyser > kMaxAnalyserIndex) return malformed("impossible analyser");
    if (!facts.facts.empty() &&
        std::tuple(fact.analyser, fact.node) <= std::tuple(facts.facts.back().analyser, facts.facts.back().node)) {
      return malformed("facts out of order");
    }
    facts.facts.push_back(std::move(fact));
  }
  return {};
}

Status read_wants(ByteReader& reader, LayerFacts& facts) {
  TRY_ASSIGN(const uint32_t extras, read_count(reader, 3));
  for (uint32_t i = 0; i < extras; ++i) {
    TRY_ASSIGN(ExtraWant want, read_want(reader));
    facts.extras.push_back(std::move(want));
  }
  TRY_ASSIGN(const uint32_t unexamined, read_count(reader, 4));
  for (uint32_t i = 0; i < unexamined; ++i) {
    Unexamined entry;
    TRY_ASSIGN(entry.node, read_file_node(reader, facts.tree));
    TRY_ASSIGN(entry.want, read_want(reader));
    facts.unexamined.push_back(std::move(entry));
  }
  if (!std::ranges::is_sorted(facts.extras) || !std::ranges::is_sorted(facts.unexamined)) {
    return malformed("wants out of order");
  }
  return {};
}

}  // namespace

std::string encode_facts(const LayerFacts& facts) {
  ByteWriter writer;
  write_digest(writer, facts.stored_digest);
  writer.varint(facts.stored_bytes);
  write_digest(writer, facts.diff_id);
  writer.varint(facts.inflated_bytes);
  for (const uint64_t amount : facts.cost) writer.varint(amount);
  write_tree(writer, facts.tree);
  writer.varint(facts.facts.size());
  for (const ContentFact& fact : facts.facts) {
    writer.varint(fact.analyser);
    writer.varint(fact.node);
    writer.string(fact.value);
    writer.string(fact.error);
  }
  writer.varint(facts.extras.size());
  for (const ExtraWant& want : facts.extras) write_want(writer, want);
  writer.varint(facts.unexamined.size());
  for (const Unexamined& entry : facts.unexamined) {
    writer.varint(entry.node);
    write_want(writer, entry.want);
  }
  return std::move(writer).take();
}

Result<LayerFacts> decode_facts(ByteSpan bytes) {
  ByteReader reader(bytes);
  LayerFacts facts;
  TRY_ASSIGN(facts.stored_digest, read_digest(reader));
  TRY_ASSIGN(facts.stored_bytes, reader.varint());
  TRY_ASSIGN(facts.diff_id, read_digest(reader));
  TRY_ASSIGN(facts.inflated_bytes, reader.varint());
  for (uint64_t& amount : facts.cost) {
    TRY_ASSIGN(amount, reader.varint());
  }
  TRY_ASSIGN(facts.tree, read_tree(reader));
  TRY(read_facts(reader, facts));
  TRY(read_wants(reader, facts));
  if (!reader.at_end()) return malformed("something follows them");
  return facts;
}

}  // namespace bulkhead::layer
