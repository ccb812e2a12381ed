#include "audit/collect/daemon_arguments.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

enum class Kind : uint8_t { kBool, kText, kList };

struct Option {
  std::string_view name;
  Kind kind = Kind::kText;
  std::string_view key{};  // in daemon.json; empty: the same
  char letter = 0;
};

// Options that are not here take one value and have the same name in daemon.json.
constexpr std::array kOptions = {
    Option{"add-runtime", Kind::kList, "runtimes"},
    Option{"allow-direct-routing", Kind::kBool},
    Option{"allow-nondistributable-artifacts", Kind::kList},
    Option{"api-enable-cors", Kind::kBool},
    Option{"authorization-plugin", Kind::kList, "authorization-plugins"},
    Option{"bridge", Kind::kText, {}, 'b'},
    Option{"cdi-spec-dir", Kind::kList, "cdi-spec-dirs"},
    Option{"cluster-store-opt", Kind::kList, "cluster-store-opts"},
    Option{"containerd-plugins-namespace", Kind::kText, "containerd-plugin-namespace"},
    Option{"cri-containerd", Kind::kBool},
    Option{"debug", Kind::kBool, {}, 'D'},
    Option{"default-address-pool", Kind::kList, "default-address-pools"},
    Option{"default-network-opt", Kind::kList, "default-network-opts"},
    Option{"default-ulimit", Kind::kList, "default-ulimits"},
    Option{"disable-legacy-registry", Kind::kBool},
    Option{"dns", Kind::kList},
    Option{"dns-opt", Kind::kList, "dns-opts"},
    Option{"dns-search", Kind::kList},
    Option{"exec-opt", Kind::kList, "exec-opts"},
    Option{"experimental", Kind::kBool},
    Option{"feature", Kind::kList, "features"},
    Option{"graph", Kind::kText, "data-root", 'g'},
    Option{"group", Kind::kText, {}, 'G'},
    Option{"help", Kind::kBool, {}, 'h'},
    Option{"host", Kind::kList, "hosts", 'H'},
    Option{"host-gateway-ip", Kind::kList, "host-gateway-ips"},
    Option{"icc", Kind::kBool},
    Option{"init", Kind::kBool},
    Option{"insecure-registry", Kind::kList, "insecure-registries"},
    Option{"ip-forward", Kind::kBool},
    Option{"ip-forward-no-drop", Kind::kBool},
    Option{"ip-masq", Kind::kBool},
    Option{"ip6tables", Kind::kBool},
    Option{"iptables", Kind::kBool},
    Option{"ipv6", Kind::kBool},
    Option{"label", Kind::kList, "labels"},
    Option{"live-restore", Kind::kBool},
    Option{"log-level", Kind::kText, {}, 'l'},
    Option{"log-opt", Kind::kList, "log-opts"},
    Option{"no-new-privileges", Kind::kBool},
    Option{"node-generic-resource", Kind::kList, "node-generic-resources"},
    Option{"pidfile", Kind::kText, {}, 'p'},
    Option{"raw-logs", Kind::kBool},
    Option{"registry-mirror", Kind::kList, "registry-mirrors"},
    Option{"restart", Kind::kBool, {}, 'r'},
    Option{"rootless", Kind::kBool},
    Option{"selinux-enabled", Kind::kBool},
    Option{"storage-driver", Kind::kText, {}, 's'},
    Option{"storage-opt", Kind::kList, "storage-opts"},
    Option{"tls", Kind::kBool},
    Option{"tlsverify", Kind::kBool},
    Option{"userland-proxy", Kind::kBool},
    Option{"validate", Kind::kBool},
    Option{"version", Kind::kBool, {}, 'v'},
};

const Option* find_option(std::string_view name) {
  const auto* found = std::ranges::find(kOptions, name, &Option::name);
  return found == kOptions.end() ? nullptr : found;
}

const Option* find_option(char letter) {
  const auto* found = std::ranges::find(kOptions, letter, &Option::letter);
  return found == kOptions.end() ? nullptr : found;
}

// strconv.ParseBool
std::optional<bool> parse_bool(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
  return std::nullopt;
}

// "http://user:password@proxy:3128" without who logs in.
std::string without_login(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority = url.substr(begin, url.find('/', begin) - begin);
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  return fmt::format("{}***{}", url.substr(0, begin), url.substr(begin + at));
}

bool names_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 6> kSecrets = {"token",  "secret",     "password",
                                                        "passwd", "credential", "apikey"};
  const std::string small = to_lower(name);
  return std::ranges::any_of(kSecrets, [&](std::string_view word) { return small.contains(word); });
}

class Reader {
 public:
  Reader(std::span<const std::string> arguments, int32_t pid) : rest_(arguments), pid_(pid) {}

  Settings run() {
    if (!rest_.empty()) rest_ = rest_.subspan(1);
    while (!rest_.empty()) {
      const std::string_view argument = rest_.front();
      rest_ = rest_.subspan(1);
      if (argument == "--") break;
      if (argument.starts_with("--")) {
        long_option(argument.substr(2));
      } else if (argument.starts_with('-') && argument.size() > 1) {
        letters(argument.substr(1));
      }
    }
    return std::move(settings_);
  }

 private:
  void set(std::string_view name, const Option* option, std::string_view value) {
    const std::string_view key = option != nullptr && !option->key.empty() ? option->key : name;
    Setting& setting = settings_[std::string(key)];
    if (option == nullptr || option->kind != Kind::kList) setting.values.clear();
    setting.values.push_back(setting_text(key, value));
    setting.where = fmt::format("argument --{} of process {}", printable(name), pid_);
  }

  std::string_view take_value() {
    if (rest_.empty()) return {};
    const std::string_view value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }

  void long_option(std::string_view text) {
    const size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const Option* option = find_option(name);
    if (equals != std::string_view::npos) return set(name, option, text.substr(equals + 1));
    const bool alone =
        option != nullptr ? option->kind == Kind::kBool : rest_.empty() || rest_.front().starts_with('-');
    set(name, option, alone ? "true" : take_value());
  }

  // "-D", "-Dl debug", "-Hunix:///…", "-H=unix:///…"
  void letters(std::string_view text) {
    while (!text.empty()) {
      const Option* option = find_option(text.front());
      text.remove_prefix(1);
      if (option == nullptr) return;
      if (text.starts_with('=')) return set(option->name, option, text.substr(1));
      if (option->kind != Kind::kBool) return set(option->name, option, text.empty() ? take_value() : text);
      set(option->name, option, "true");
    }
  }

  std::span<const std::string> rest_;
  int32_t pid_;
  Settings settings_;
};

}  // namespace

Settings parse_daemon_arguments(std::span<const std::string> arguments, int32_t pid) {
  return Reader(arguments, pid).run();
}

std::string setting_text(std::string_view key, std::string_view value) {
  const Option* option = find_option(key);
  if (option != nullptr && option->kind == Kind::kBool) {
    const auto truth = parse_bool(value);
    return truth ? (*truth ? "true" : "false") : std::string(value);
  }
  if (key.ends_with("-proxy")) return without_login(value);
  const size_t equals = value.find('=');
  if (equals == std::string_view::npos) return std::string(value);
  if (key == "default-ulimits" && !value.contains(':')) return fmt::format("{}:{}", value, value.substr(equals + 1));
  if ((key == "log-opts" || key == "cluster-store-opts") && names_a_secret(value.substr(0, equals))) {
    return fmt::format("{}=***", value.substr(0, equals));
  }
  return std::string(value);
}

std::vector<std::string> split_at_zero(std::string_view text) {
  if (text.ends_with('\0')) text.remove_suffix(1);
  if (text.empty()) return {};
  std::vector<std::string> pieces;
  for (const std::string_view piece : split(text, '\0')) pieces.emplace_back(piece);
  return pieces;
}

}  // namespace bulkhead::audit
