#include "cli/man_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/help.h"

namespace bulkhead::cli {
namespace {

struct Row {
  std::string_view name;
  std::string_view text;
};

constexpr Row kExitStatus[] = {
    {"0", "The command did its work, and no threshold was met."},
    {"1",
     "An error of the program or its input: nothing is said about the image. Also when a feed could not be fetched."},
    {"2", "A finding that is shown, or a failed check of an audit, meets the threshold of --fail-on."},
    {"130", "Stopped by SIGINT or SIGTERM."},
};

constexpr Row kEnvironment[] = {
    {"XDG_CACHE_HOME",
     "The cache is the folder bulkhead in it; ~/.cache/bulkhead when it is not set or no absolute path."},
    {"XDG_DATA_HOME", "Keys are in the folder bulkhead/keys in it; ~/.local/share is meant as above."},
    {"HOME", "Where ~ is; the user's home folder of the system when it is not set or no absolute path."},
    {"DOCKER_HOST, DOCKER_CONTEXT, DOCKER_TLS, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_CONFIG",
     "Where Docker Engine listens and how it is trusted, as for docker(1)."},
    {"CONTAINER_HOST, XDG_RUNTIME_DIR", "Where Podman listens, as for podman(1)."},
    {"REGISTRY_AUTH_FILE", "The one file with credentials of registries."},
    {"XDG_CONFIG_HOME",
     "Where containers/ with credentials and certificates is looked for; ~/.config when it is not set."},
    {"HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
     "Proxies for registries and feeds, also in lower case, which wins. NO_PROXY lists hosts, domains and networks "
     "that "
     "are reached directly."},
    {"BULKHEAD_PKCS11_MODULE", "The PKCS#11 module of tokens whose URI names none."},
    {"SOURCE_DATE_EPOCH", "The time that bills of materials bear, in seconds since 1970; else the image's own."},
    {"NO_COLOR", "No colours, when it is set to anything."},
    {"TERM", "Where it is dumb there are neither colours nor progress."},
};

constexpr Row kFiles[] = {
    {"~/.cache/bulkhead/layers/", "What was learnt about layers, by their content. May be removed at any time."},
    {"~/.cache/bulkhead/advisories.db", "The advisory database that db update and db import put there."},
    {"~/.cache/bulkhead/feeds/", "Feed files as their publishers published them, kept by db update."},
    {"/usr/share/bulkhead/advisories-DATE.db.zst",
     "The snapshot of advisories that comes with the program; also share/bulkhead/ beside the folder that the program "
     "is "
     "in."},
    {"~/.local/share/bulkhead/keys/", "The key store: a file of mode 0600 for each key, under its passphrase."},
    {"~/.docker/config.json, ~/.config/containers/auth.json", "Credentials of registries."},
    {"/etc/docker/certs.d/, /etc/containers/certs.d/, ~/.config/containers/certs.d/",
     "Certificates of registries, in a folder HOST[:PORT] for each."},
};

constexpr std::string_view kSeeAlso =
    "docker(1), podman(1), skopeo(1), umoci(1), dpkg(1), rpm(8), containers-auth.json(5), containers-certs.d(5)";

// Text as roff shows it. Lines are for the reader of the source only.
std::string roff(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_sequence_length(text.substr(at));
    const std::string_view sequence = text.substr(at, std::max<size_t>(length, 1));
    at += sequence.size();
    switch (sequence.front()) {
      case '\\':
        out += "\\e";
        continue;
      case '-':
        out += "\\-";
        continue;
      case '~':
        out += "\\(ti";
        continue;
      case '^':
        out += "\\(ha";
        continue;
      case '`':
        out += "\\(ga";
        continue;
      case '\'':
        out += "\\(aq";
        continue;
      default:
        break;
    }
    out += length > 1 ? "..." : sequence;  // an ellipsis is all that there is beyond ASCII
  }
  return out.starts_with('.') ? "\\&" + out : out;
}

// Running text, a line for each sentence or so: no line of the source is too long for mandoc's taste.
std::string prose(std::string_view text) {
  constexpr size_t kColumns = 78;
  std::string out;
  size_t column = 0;
  for (const std::string_view word : split(text, ' ')) {
    const std::string shown = roff(word);
    if (column > 0 && column + 1 + shown.size() > kColumns) column = 0, out += "\n";
    out += (column > 0 ? " " : "") + shown;
    column += shown.size() + (column > 0 ? 1 : 0);
    if (word.ends_with('.') && column > 0) column = 0, out += "\n";
  }
  while (out.ends_with('\n')) out.pop_back();
  return out + "\n";
}

std::string paragraphs(std::string_view text) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) out += ".PP\n" + prose(line);
  }
  return out;
}

std::string item(std::string_view name, std::string_view text) {
  return fmt::format(".TP\n.B {}\n{}", roff(name), prose(text));
}

std::string items(std::span<const Row> rows) {
  std::string out;
  for (const Row& row : rows) out += item(row.name, row.text);
  return out;
}

std::string option_item(const Option& option) {
  std::string out = ".TP\n";
  if (option.is_argument()) {
    out += fmt::format(".I \"{}\"\n", roff(usage_of_option(option)));
  } else {
    out += fmt::format("\\fB{}\\fR", roff(fmt::format("{}", fmt::join(option.all_names(), ", "))));
    out += option.value.empty() ? "\n" : fmt::format(" \\fI{}\\fR\n", roff(option.value));
  }
  out += prose(sentence(full_help(option)));
  if (!lists_choices(option)) return out;
  out += ".RS\n";
  for (const Choice& choice : option.choices) out += item(choice.name, sentence(choice.summary));
  return out + ".RE\n";
}

}  // namespace

std::string man_page(std::span<const DescribedCommand> commands) {
  const DescribedCommand& program = commands.front();
  std::string out =
      fmt::format(".TH BULKHEAD 1 {} \"bulkhead {}\" \"User Commands\"\n", BULKHEAD_DATE, BULKHEAD_VERSION);
  out += fmt::format(".SH NAME\nbulkhead \\- {}\n.SH SYNOPSIS\n", roff(program.info.summary));
  std::string synopsis;
  std::string examples;
  std::string reference;
  for (const DescribedCommand& command : commands) {
    if (command.is_group()) continue;
    const std::string arguments = usage_of_arguments(command);
    synopsis +=
        fmt::format("{}.B bulkhead {}\n[\\fIOPTIONS\\fR]", synopsis.empty() ? "" : "\n.br\n", roff(command.info.name));
    if (!arguments.empty()) synopsis += fmt::format(" \\fI{}\\fR", roff(arguments));
    if (!command.info.examples.empty()) {
      for (const std::string_view line : split(command.info.examples, '\n')) examples += roff(line) + "\n";
    }
    reference += fmt::format(".SS bulkhead {}\n{}", roff(command.info.name), prose(sentence(command.info.summary)));
    reference += paragraphs(command.info.details);
    for (const Option& option : command.options) reference += option_item(option);
    if (!command.info.exit_status.empty()) {
      reference += paragraphs(fmt::format("Exit status: {}", command.info.exit_status));
    }
  }
  out += synopsis + "\n.br\n.B bulkhead\n\\-h | \\-\\-help | \\-V | \\-\\-version\n";
  out += ".SH DESCRIPTION\n" + prose(program.info.details);
  out += ".SH COMMANDS\n" + reference;
  out += ".SH EXIT STATUS\n" + items(kExitStatus);
  out += ".SH ENVIRONMENT\n" + items(kEnvironment);
  out += ".SH FILES\n" + items(kFiles);
  out += fmt::format(".SH EXAMPLES\n.EX\n{}.EE\n", examples);
  std::string see_also;
  for (const std::string_view page : split(kSeeAlso, ' ')) {
    const size_t open = page.find('(');
    see_also += fmt::format(".BR {} {}\n", roff(page.substr(0, open)), page.substr(open));
  }
  return out + ".SH SEE ALSO\n" + see_also;
}

}  // namespace bulkhead::cli
