#include "sigstore/checkpoint.h"

#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/text.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kSignatureMark = "\xE2\x80\x94 ";  // an em dash and a space
constexpr size_t kHintBytes = 4;
constexpr size_t kHashBytes = 32;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kMalformed, fmt::format("checkpoint: {}", what));
}

Result<NoteSignature> read_signature(std::string_view line) {
  if (!line.starts_with(kSignatureMark)) return malformed("a line among its signatures is none");
  line.remove_prefix(kSignatureMark.size());
  const size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos) return malformed("a signature has no name");
  const auto bytes = base64_decode(line.substr(space + 1));
  if (!bytes || bytes->size() <= kHintBytes) return malformed("a signature cannot be read");
  return NoteSignature{.name = std::string(line.substr(0, space)),
                       .key_hint = bytes->substr(0, kHintBytes),
                       .bytes = bytes->substr(kHintBytes)};
}

Status read_body(Checkpoint& checkpoint) {
  const std::vector<std::string_view> lines = split(checkpoint.text, '\n');
  if (lines.size() < 4 || lines[0].empty()) return malformed("it lacks its origin, its size or its root hash");
  checkpoint.origin = lines[0];
  const auto size = parse_decimal(lines[1]);
  if (!size || *size > INT64_MAX || (lines[1].size() > 1 && lines[1][0] == '0')) return malformed("its size is none");
  checkpoint.tree_size = static_cast<int64_t>(*size);
  auto hash = base64_decode(lines[2]);
  if (!hash || hash->size() != kHashBytes) return malformed("its root hash is none");
  checkpoint.root_hash = *std::move(hash);
  return {};
}

// "https://rekor.example.com/" → "rekor.example.com", as logs call themselves.
std::string_view name_of(std::string_view base_url) {
  if (const size_t scheme = base_url.find("://"); scheme != std::string_view::npos) base_url.remove_prefix(scheme + 3);
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  return base_url;
}

}  // namespace

Result<Checkpoint> read_checkpoint(std::string_view note) {
  if (note.size() > kMaxCheckpointBytes) return fail(limit_error("bytes of a checkpoint", kMaxCheckpointBytes, ""));
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos || !note.ends_with('\n')) return malformed("it is no signed note");
  Checkpoint checkpoint{.text = std::string(note.substr(0, blank + 1))};
  TRY(read_body(checkpoint));
  std::string_view rest = note.substr(blank + 2);
  std::string_view line;
  while (next_line(rest, line)) {
    if (checkpoint.signatures.size() == kMaxNoteSignatures) {
      return fail(limit_error("signatures of a checkpoint", kMaxNoteSignatures, ""));
    }
    TRY_ASSIGN(NoteSignature signature, read_signature(line));
    checkpoint.signatures.push_back(std::move(signature));
  }
  if (checkpoint.signatures.empty()) return malformed("nobody has signed it");
  return checkpoint;
}

Status verify_checkpoint(const Checkpoint& checkpoint, const TransparencyLog& log) {
  if (!log.key) return fail(Code::kUnsupported, fmt::format("the key of the log {} is not used here", log.base_url));
  const std::string_view name = name_of(log.base_url);
  // Rekor v1 appends the number of its tree: "rekor.example.com - 1234".
  if (checkpoint.origin != name && !checkpoint.origin.starts_with(fmt::format("{} - ", name))) {
    return fail(Code::kVerificationFailed,
                fmt::format("the checkpoint is of \"{}\", not of the log \"{}\"", printable(checkpoint.origin), name));
  }
  for (const NoteSignature& signature : checkpoint.signatures) {
    if (signature.name == name && log.checkpoint_id.starts_with(signature.key_hint) &&
        log.key->key.verify(log.key->scheme, as_bytes(checkpoint.text), as_bytes(signature.bytes))) {
      return {};
    }
  }
  return fail(Code::kVerificationFailed, fmt::format("the log \"{}\" has not signed the checkpoint", name));
}

}  // namespace bulkhead::sigstore
