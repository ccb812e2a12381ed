// Checks of images: their configuration, and what their history tells of how they were built.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/check.h"
#include "audit/checks/image_history.h"
#include "audit/checks/root_user.h"
#include "audit/checks/secret_names.h"
#include "base/date.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// ---- Configuration

void check_user(const Facts& facts, Sink& sink) {
  each_image(facts, sink, [&](const Image& image) {
    sink.judge(!is_root_user(image.user), object_of(image),
               {{"/Config/User", image.user.empty() ? "not set: root" : image.user, "a user other than root"}});
  });
}

void check_health(const Facts& facts, Sink& sink) {
  each_image(facts, sink, [&](const Image& image) {
    const Health::Kind kind = image.health.kind;
    sink.judge(kind == Health::Kind::kSet, object_of(image),
               {{"/Config/Healthcheck",
                 kind == Health::Kind::kSet        ? "set"
                 : kind == Health::Kind::kDisabled ? "NONE"
                                                   : "not set",
                 "a health check"}});
  });
}

// ---- What a person decides

void check_trusted_base(const Facts& facts, Sink& sink) {
  each_image(facts, sink, [&](const Image& image) {
    std::vector<Evidence> evidence;
    for (const std::string& digest : image.digests) evidence.push_back({"/RepoDigests", digest, "a source you trust"});
    if (evidence.empty()) {
      evidence.push_back({"/RepoDigests", "none: built or loaded on this host", "a source you trust"});
    }
    sink.manual(object_of(image), std::move(evidence), "which sources are trusted is for a person to say");
  });
}

std::optional<std::chrono::sys_days> day_of(std::string_view time) {
  constexpr size_t kDateLength = 10;
  const std::string_view date = time.substr(0, kDateLength);
  if (!is_date(date)) return std::nullopt;
  const auto number = [&](size_t at, size_t length) {
    return static_cast<unsigned>(parse_decimal(date.substr(at, length)).value_or(0));
  };
  return std::chrono::sys_days{std::chrono::year{static_cast<int>(number(0, 4))} / std::chrono::month{number(5, 2)} /
                               std::chrono::day{number(8, 2)}};
}

void check_patched(const Facts& facts, Sink& sink) {
  const auto today = day_of(facts.now);
  // Reproducible builds have the beginning of time for a date, or that of their sources.
  const auto beginning = day_of("1980-01-02");
  each_image(facts, sink, [&](const Image& image) {
    const auto created = day_of(image.created);
    std::string age = image.created.empty() ? "not told" : image.created;
    if (today && created && *created > *beginning && *created <= *today) {
      age += fmt::format(", {} days ago", (*today - *created).count());
    }
    sink.manual(object_of(image),
                {{"/Created", std::move(age), "built since the last security update of its packages"}},
                "`bulkhead scan` tells which of its packages have known vulnerabilities");
  });
}

// One row for all of them: what the engine tells of images is no help.
void ask_about_images(const Facts& facts, Sink& sink, std::string reason) {
  if (!facts.images) return sink.unknown(the_daemon(facts), facts.images.error());
  if (facts.images->empty()) return sink.not_applicable(the_daemon(facts), "there are no images");
  sink.manual(the_daemon(facts), {{"/images/json", fmt::format("images: {}", facts.images->size()), ""}},
              std::move(reason));
}

void check_packages(const Facts& facts, Sink& sink) {
  ask_about_images(facts, sink, "which packages are needed is for a person to say; `bulkhead sbom <image>` lists them");
}
void check_content_trust(const Facts& facts, Sink& sink) {
  ask_about_images(facts, sink, "each client decides by itself whether it verifies what it pulls; no engine tells");
}
void check_signatures(const Facts& facts, Sink& sink) {
  ask_about_images(facts, sink, "the engine knows nothing of signatures: they are verified against the registry");
}
void check_setuid(const Facts& facts, Sink& sink) {
  ask_about_images(facts, sink, "the modes of files are in the layers, which the engine's API does not tell");
}

// ---- History

// Long commands are cut, between characters.
std::string shortened(std::string_view text) {
  constexpr size_t kMost = 120;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

bool is_url(std::string_view source) {
  for (const std::string_view scheme : {"http://", "https://", "ftp://", "git@", "git://", "ssh://"}) {
    if (source.starts_with(scheme)) return true;
  }
  return false;
}

// Host and path of a URL; who is asked for what, and with which password, is left out.
std::string shown_url(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "…";
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  return fmt::format("{}{}", url.substr(0, scheme + 3), rest);
}

// What a command is, and nothing that it was given but names: any value may be a secret, in whatever form a program
// takes one. `plain`: words that are shown as they are.
template <typename Words>
std::string shown(const Words& words, size_t plain = 1) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    std::string part;
    if (i < plain) {
      part = secrets_in_command(word).empty() ? std::string(word) : "…";
    } else if (is_url(word)) {
      part = shown_url(word);
    } else if (word.starts_with("--")) {
      const size_t equals = word.find_first_of("= :");
      part = equals == std::string_view::npos ? std::string(word) : std::string(word.substr(0, equals)) + "=…";
    } else if (word.starts_with('-') && word.size() == 2) {
      part = word;
    } else {
      part = word.starts_with('-') ? std::string(word.substr(0, 2)) + "…" : "…";
    }
    if (part == "…" && text.ends_with("…")) continue;
    if (!text.empty()) text += ' ';
    text += part;
  }
  return shortened(text);
}

std::string where_of(const Instruction& instruction) {
  return fmt::format("history, step {} {}", instruction.index + 1, instruction.keyword);
}

// For checks of the history: `look` adds what is wrong with an instruction.
template <typename Look>
void judge_history(const Facts& facts, Sink& sink, std::string_view wanted, Look look) {
  each_image(facts, sink, [&](const Image& image) {
    if (!image.history) return sink.unknown(object_of(image), image.history.error());
    const bool told =
        std::ranges::any_of(*image.history, [](const HistoryEntry& entry) { return !trim(entry.created_by).empty(); });
    if (!told) return sink.not_applicable(object_of(image), "its history does not tell how it was built");
    const auto instructions = read_history(*image.history);
    std::vector<Evidence> faults;
    for (const Instruction& instruction : instructions) {
      std::vector<std::string> found;
      look(instruction, found);
      for (std::string& fault : found) {
        faults.push_back({where_of(instruction), std::move(fault), std::string(wanted)});
      }
    }
    if (!faults.empty()) return sink.fail(object_of(image), std::move(faults));
    sink.pass(object_of(image),
              {{"history", fmt::format("{} steps, none of them", instructions.size()), std::string(wanted)}});
  });
}

template <size_t kSize>
bool contains(const std::array<std::string_view, kSize>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

bool has_word(const ShellCommand& command, std::string_view word) {
  return std::ranges::find(command.words, word) != command.words.end();
}

bool updates_lists(const ShellCommand& command) {
  constexpr auto kUpdate = std::to_array<std::string_view>({"apt-get", "apt", "aptitude", "apk"});
  constexpr auto kRefresh = std::to_array<std::string_view>({"dnf", "microdnf", "tdnf", "yum"});
  const std::string_view program = program_of(command);
  if (contains(kUpdate, program)) return has_word(command, "update");
  if (contains(kRefresh, program)) return has_word(command, "makecache");
  if (program == "zypper") return has_word(command, "refresh") || has_word(command, "ref");
  return program == "pacman" && command.words.size() == 2 && command.words[1] == "-Sy";
}

// Uses the lists: also a script called install.sh, and whatever else says so.
bool installs(const ShellCommand& command) {
  constexpr auto kVerbs = std::to_array<std::string_view>(
      {"add", "build-dep", "dist-upgrade", "download", "full-upgrade", "in", "satisfy", "source", "upgrade", "-S"});
  return std::ranges::any_of(command.words, [&](const std::string& word) {
    return contains(kVerbs, word) || word.find("install") != std::string::npos;
  });
}

void check_update_alone(const Facts& facts, Sink& sink) {
  judge_history(facts, sink, "update and install in one RUN",
                [](const Instruction& instruction, std::vector<std::string>& found) {
                  if (instruction.keyword != "RUN") return;
                  const auto commands = split_shell(instruction.arguments);
                  const auto update = std::ranges::find_if(commands, updates_lists);
                  if (update == commands.end() || std::any_of(update, commands.end(), installs)) return;
                  found.push_back(shown(update->words, 2));
                });
}

bool is_archive(std::string_view source) {
  constexpr auto kEndings = std::to_array<std::string_view>(
      {".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tzst"});
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return source.ends_with(ending); });
}

void check_add(const Facts& facts, Sink& sink) {
  judge_history(facts, sink, "COPY", [](const Instruction& instruction, std::vector<std::string>& found) {
    if (instruction.keyword != "ADD" || instruction.base) return;
    std::vector<std::string_view> words;
    bool checksum = false;
    for (const std::string_view word : split(instruction.arguments, ' ')) {
      if (word.starts_with("--checksum=")) checksum = true;
      if (!word.empty() && !word.starts_with("--")) words.push_back(word);
    }
    // The last one is where to.
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (is_url(words[i])) {
        if (!checksum) found.push_back(fmt::format("{}: fetched, without a checksum", shown(words)));
        return;
      }
      // Unpacking is what ADD is for.
      if (!is_archive(words[i])) {
        found.push_back(shown(words));
        return;
      }
    }
  });
}

void check_secrets(const Facts& facts, Sink& sink) {
  each_image(facts, sink, [&](const Image& image) {
    constexpr std::string_view kWanted = "no secret";
    std::vector<Evidence> found;
    for (size_t i = 0; i < image.env.size(); ++i) {
      std::string secret = secret_in_assignment(image.env[i], Expansion::kNone);
      if (!secret.empty()) found.push_back({fmt::format("/Config/Env/{}", i), std::move(secret), std::string(kWanted)});
    }
    if (image.history) {
      for (size_t i = 0; i < image.history->size(); ++i) {
        for (std::string& secret : secrets_in_command((*image.history)[i].created_by)) {
          found.push_back({fmt::format("history, step {}", i + 1), std::move(secret), std::string(kWanted)});
        }
      }
    }
    if (!found.empty()) return sink.fail(object_of(image), std::move(found), "the values are not shown");
    if (!image.history) return sink.unknown(object_of(image), image.history.error());
    sink.pass(object_of(image),
              {{"/Config/Env", fmt::format("{} variables, none of them", image.env.size()), std::string(kWanted)},
               {"history", fmt::format("{} steps, none of them", image.history->size()), std::string(kWanted)}});
  });
}

// ---- What is installed unverified

struct UnverifiedOption {
  std::string_view programs;  // separated by spaces
  std::string_view option;    // empty: whatever it does
};
constexpr auto kUnverifiedOptions = std::to_array<UnverifiedOption>({
    {"apt apt-get aptitude", "--allow-unauthenticated"},
    {"apt apt-get aptitude", "--allow-insecure-repositories"},
    {"apt apt-get aptitude", "--force-yes"},
    {"apt-key", ""},
    {"apk", "--allow-untrusted"},
    {"dnf dnf5 microdnf tdnf yum yum-config-manager zypper", "--nogpgcheck"},
    {"dnf dnf5 microdnf tdnf yum zypper", "--no-gpgchecks"},
    {"dnf zypper", "--no-gpg-check"},
    {"dnf zypper", "--no-gpg-checks"},
    {"zypper", "--allow-unsigned-rpm"},
    {"rpm", "--nosignature"},
    {"rpm", "--nogpgcheck"},
    {"rpm", "--nodigest"},
    {"pip pip3", "--trusted-host"},
});

// Settings, wherever in a command: in lower case, and not as the end of another one's name ("repo_gpgcheck=0").
constexpr auto kUnverifiedSettings = std::to_array<std::string_view>(
    {"trusted=yes", "gpgcheck=0", "gpgcheck=false", "allowunauthenticated=true", "allowunauthenticated=1",
     "allowunauthenticated=yes", "allowunauthenticated \"true\"", "allowinsecurerepositories=true",
     "allowinsecurerepositories=1", "siglevel = never", "siglevel=never"});

bool has_setting(std::string_view text, std::string_view setting) {
  for (size_t at = text.find(setting); at != std::string_view::npos; at = text.find(setting, at + 1)) {
    if (at == 0 || (!is_alnum(text[at - 1]) && text[at - 1] != '_')) return true;
  }
  return false;
}

bool is_unverified(const ShellCommand& command) {
  const std::string_view program = program_of(command);
  for (const UnverifiedOption& unverified : kUnverifiedOptions) {
    const auto programs = split(unverified.programs, ' ');
    if (std::ranges::find(programs, program) == programs.end()) continue;
    if (unverified.option.empty()) return true;
    if (std::ranges::any_of(command.words, [&](std::string_view word) {
          return word.starts_with(unverified.option) &&
                 (word.size() == unverified.option.size() || word[unverified.option.size()] == '=');
        })) {
      return true;
    }
  }
  return std::ranges::any_of(kUnverifiedSettings, [&](std::string_view setting) {
    return has_setting(to_lower(fmt::format("{}", fmt::join(command.words, " "))), setting);
  });
}

void check_package_verification(const Facts& facts, Sink& sink) {
  judge_history(facts, sink, "packages with verified signatures",
                [](const Instruction& instruction, std::vector<std::string>& found) {
                  if (instruction.keyword != "RUN") return;
                  for (const ShellCommand& command : split_shell(instruction.arguments)) {
                    if (is_unverified(command)) found.push_back(shown(command.words));
                  }
                });
}

// ---- Downloads that are run

constexpr auto kDownloaders = std::to_array<std::string_view>({"curl", "wget", "fetch", "aria2c"});
constexpr auto kShells = std::to_array<std::string_view>({"sh", "bash", "dash", "ash", "zsh", "ksh"});
constexpr auto kInterpreters =
    std::to_array<std::string_view>({"python", "python2", "python3", "perl", "ruby", "node", "php"});

bool is_option_with(std::string_view word, char letter) {
  return word.size() > 1 && word[0] == '-' && word[1] != '-' && word.find(letter) != std::string_view::npos;
}

// Whether what is written to it is its program, and not its input.
bool runs_its_input(const ShellCommand& command) {
  const std::string_view program = program_of(command);
  const bool shell = contains(kShells, program);
  if (!shell && !contains(kInterpreters, program)) return false;
  for (size_t i = 1; i < command.words.size(); ++i) {
    const std::string_view word = command.words[i];
    if (word == "-" || word == "/dev/stdin") return true;
    if (!shell || is_option_with(word, 'c')) return false;
    if (is_option_with(word, 's')) return true;
    if (!word.starts_with('-')) return false;  // a script
  }
  return true;
}

// "sh -c "$(curl …)"", "bash <(curl …)", "eval `wget …`".
bool runs_a_substitution(const ShellCommand& command) {
  const std::string_view program = program_of(command);
  if (!contains(kShells, program) && program != "eval" && program != "source" && program != ".") return false;
  return std::ranges::any_of(command.words, [](const std::string& word) {
    return std::ranges::any_of(kDownloaders, [&](std::string_view downloader) {
      for (const std::string_view begin : {"$(", "`", "<("}) {
        if (word.find(fmt::format("{}{}", begin, downloader)) != std::string::npos) return true;
      }
      return false;
    });
  });
}

void check_downloads(const Facts& facts, Sink& sink) {
  judge_history(facts, sink, "downloads that are verified before they are run",
                [](const Instruction& instruction, std::vector<std::string>& found) {
                  if (instruction.keyword != "RUN") return;
                  const ShellCommand* download = nullptr;  // whose output is on its way
                  const auto commands = split_shell(instruction.arguments);
                  for (const ShellCommand& command : commands) {
                    if (!command.piped) download = nullptr;
                    if (runs_a_substitution(command)) {
                      found.push_back(shown(command.words));
                    } else if (download != nullptr && runs_its_input(command)) {
                      found.push_back(fmt::format("{} | {}", shown(download->words), shown(command.words)));
                    }
                    if (contains(kDownloaders, program_of(command))) download = &command;
                  }
                });
}

constexpr auto kChecks = std::to_array<Check>({
    {"image.user", check_user},
    {"image.trusted-base", check_trusted_base},
    {"image.unneeded-packages", check_packages},
    {"image.patched", check_patched},
    {"image.content-trust", check_content_trust},
    {"image.health-check", check_health},
    {"image.update-alone", check_update_alone},
    {"image.setuid-files", check_setuid},
    {"image.add-instruction", check_add},
    {"image.secrets", check_secrets},
    {"image.package-verification", check_package_verification},
    {"image.signatures", check_signatures},
    {"image.download-to-shell", check_downloads},
});

}  // namespace

std::span<const Check> image_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
