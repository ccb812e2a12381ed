#include "audit/collect/engine_questions.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "audit/collect/engine_answers.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "net/url.h"

namespace bulkhead::audit {
namespace {

using Task = std::function<void()>;

// Of containers and images that are looked at one by one: whether they were still there.
enum class Found : uint8_t { kThere, kGone };

template <typename T>
void drop_gone(std::vector<T>& all, const std::vector<Found>& found) {
  size_t index = 0;
  std::erase_if(all, [&](const T&) { return found[index++] == Found::kGone; });
}

class EngineCollector {
 public:
  EngineCollector(Conversation& engine, const CollectOptions& options, Facts& facts)
      : engine_(engine), options_(options), facts_(facts), pool_(std::max<size_t>(options.connections, 1)) {}

  // Three rounds: the lists; what the engine is (slow to tell: it asks its runtimes first) beside every single
  // container and image; and what only shows then.
  Status run() {
    TRY(ask_for_lists());
    leave_unexamined();
    TRY(ask_for_each());
    std::vector<Task> tasks;
    add_images_in_use(tasks);
    add_swarm(tasks);
    TRY(run_all(tasks));
    merge_images_in_use();
    return {};
  }

 private:
  Status ask_for_lists() {
    const ProgressStep step(options_.progress, fmt::format("asking {}", facts_.address), 0);
    return run_all({
        [&] { facts_.containers = engine_.fact("/containers/json?all=1", parse_container_list); },
        [&] { facts_.images = engine_.fact("/images/json", parse_image_list); },
        [&] { facts_.networks = engine_.fact("/networks", parse_networks); },
        [&] { facts_.volumes = engine_.fact("/volumes", parse_volumes); },
    });
  }

  // What runs is examined before what does not, and what the user named before all.
  void leave_unexamined() {
    if (!facts_.containers || facts_.containers->size() <= options_.max_containers) return;
    std::vector<Container>& all = *facts_.containers;
    std::ranges::sort(all, {}, [&](const Container& container) {
      const bool wanted = options_.wanted && options_.wanted(container);
      return std::tuple(!wanted, !container.running(), std::string_view(container.name),
                        std::string_view(container.id));
    });
    const auto rest = all.begin() + static_cast<std::ptrdiff_t>(options_.max_containers);
    facts_.unexamined_containers.assign(std::make_move_iterator(rest), std::make_move_iterator(all.end()));
    all.erase(rest, all.end());
    all.shrink_to_fit();
    const std::string reason = told(limit_error("containers", options_.max_containers, "--max-containers"));
    for (Container& container : facts_.unexamined_containers) container.details = not_known(reason);
  }

  Status ask_for_each() {
    std::vector<Found> containers(facts_.containers ? facts_.containers->size() : 0, Found::kThere);
    std::vector<Found> images(options_.all_images && facts_.images ? facts_.images->size() : 0, Found::kThere);
    ProgressStep step(options_.progress, fmt::format("asking {}: containers and images", facts_.address),
                      containers.size() + images.size());
    Fact<json::Document> info = not_known("not asked for");
    Fact<json::Document> version = not_known("not asked for");
    std::vector<Task> tasks;
    tasks.emplace_back([&] { version = document("/version"); });
    tasks.emplace_back([&] { info = document("/info"); });
    for (size_t i = 0; i < containers.size(); ++i) {
      tasks.emplace_back([&, i] {
        containers[i] = inspect((*facts_.containers)[i]);
        step.advance(1);
      });
    }
    for (size_t i = 0; i < images.size(); ++i) {
      tasks.emplace_back([&, i] {
        images[i] = inspect((*facts_.images)[i]);
        step.advance(1);
      });
    }
    TRY(run_all(tasks));
    facts_.engine = engine_of(info, version);
    if (facts_.containers) drop_gone(*facts_.containers, containers);
    if (!images.empty()) drop_gone(*facts_.images, images);
    return {};
  }

  Status run_all(const std::vector<Task>& tasks) {
    return pool_.for_each(tasks.size(), options_.client.stop, [&](size_t index, const std::stop_token&) -> Status {
      tasks[index]();
      return {};
    });
  }

  Fact<json::Document> document(const std::string& path) {
    auto document = engine_.get(path);
    if (!document) return not_known(told(document.error()));
    return *std::move(document);
  }

  static Fact<Engine> engine_of(const Fact<json::Document>& info, const Fact<json::Document>& version) {
    if (!info) return std::unexpected(info.error());
    if (!version) return std::unexpected(version.error());
    auto engine = parse_engine(info->root(), version->root());
    if (!engine) return not_known(engine.error().to_string());
    return *std::move(engine);
  }

  Found inspect(Container& container) {
    const std::string path = fmt::format("/containers/{}/json", net::percent_encode(container.id));
    const auto answer = engine_.get(path);
    if (!answer && answer.error().code() == Code::kNotFound) return Found::kGone;
    if (!answer) {
      container.details = not_known(told(answer.error()));
    } else if (auto details = parse_container(answer->root())) {
      container.details = *std::move(details);
    } else {
      container.details = not_known(fmt::format("GET {}: {}", path, details.error().to_string()));
    }
    return Found::kThere;
  }

  Found inspect(Image& image) {
    const std::string path = fmt::format("/images/{}", net::percent_encode(image.id));
    const std::string inspected = fmt::format("{}{}/json", engine_.is_podman() ? "/libpod" : "", path);
    const auto answer = engine_.get(inspected);
    if (!answer && answer.error().code() == Code::kNotFound) return Found::kGone;
    const auto unknown = [&](std::string reason) {
      image.config_unknown = Unknown{Unknown::Kind::kError, std::move(reason)};
    };
    if (!answer) {
      unknown(told(answer.error()));
    } else if (const auto parsed = parse_image(answer->root(), image); !parsed) {
      unknown(fmt::format("GET {}: {}", inspected, parsed.error().to_string()));
    }
    image.history = engine_.fact(path + "/history", parse_history);
    return Found::kThere;
  }

  // Marks the images that containers were made of. Those that nobody has looked at yet are: where only those are wanted
  // all of them, else such as the list leaves out because they have no name.
  void add_images_in_use(std::vector<Task>& tasks) {
    if (!facts_.images) return;
    if (!facts_.containers) {
      if (!options_.all_images) facts_.images = std::unexpected(facts_.containers.error());
      return;
    }
    std::set<std::string_view> used;
    for (const Container& container : *facts_.containers) {
      if (!container.image_id.empty()) used.insert(container.image_id);
    }
    for (const Container& container : facts_.unexamined_containers) {
      if (!container.image_id.empty()) used.insert(container.image_id);
    }
    std::set<std::string_view> unlisted = used;
    for (Image& image : *facts_.images) {
      image.in_use = used.contains(image.id);
      unlisted.erase(image.id);
    }
    for (const std::string_view id : unlisted) late_images_.push_back({.id = std::string(id), .in_use = true});
    if (!options_.all_images) {
      std::ranges::copy_if(*facts_.images, std::back_inserter(late_images_), &Image::in_use);
      facts_.images->clear();
    }
    late_found_.assign(late_images_.size(), Found::kThere);
    for (size_t i = 0; i < late_images_.size(); ++i) {
      tasks.emplace_back([this, i] { late_found_[i] = inspect(late_images_[i]); });
    }
  }

  // A store may know an image by another identifier than its container does.
  void merge_images_in_use() {
    if (late_images_.empty()) return;
    drop_gone(late_images_, late_found_);
    std::map<std::string, size_t> known;
    for (size_t i = 0; i < facts_.images->size(); ++i) known.emplace((*facts_.images)[i].id, i);
    for (Image& image : late_images_) {
      const auto [place, is_new] = known.emplace(image.id, facts_.images->size());
      if (is_new) {
        facts_.images->push_back(std::move(image));
      } else {
        (*facts_.images)[place->second].in_use = true;
      }
    }
  }

  void add_swarm(std::vector<Task>& tasks) {
    if (!facts_.engine) {
      facts_.swarm = std::unexpected(facts_.engine.error());
      return;
    }
    const std::string& state = facts_.engine->swarm_state;
    if (state.empty() || state == "inactive") {
      facts_.swarm = not_applicable("the engine is not in a Swarm");
    } else if (state != "active") {
      facts_.swarm = not_known(fmt::format("the engine's part in its Swarm is {}{}", printable(state),
                                           state == "locked" ? ": unlock it (docker swarm unlock)" : ""));
    } else if (!facts_.engine->swarm_manager) {
      facts_.swarm = not_applicable(std::string(kWorker));
    } else {
      tasks.emplace_back([this] { ask_manager(); });
    }
  }

  void ask_manager() {
    const auto answer = engine_.get("/swarm");
    if (!answer) {
      // It may have been demoted since it told what it is.
      facts_.swarm = answer.error().message().contains("not a swarm manager") ? not_applicable(std::string(kWorker))
                                                                              : not_known(told(answer.error()));
      return;
    }
    auto swarm = parse_swarm(answer->root());
    if (!swarm) {
      facts_.swarm = not_known(fmt::format("GET /swarm: {}", swarm.error().to_string()));
      return;
    }
    swarm->nodes = engine_.fact("/nodes", parse_nodes);
    swarm->services = engine_.fact("/services", parse_services);
    swarm->secret_count = engine_.fact("/secrets", parse_secret_count);
    facts_.swarm = *std::move(swarm);
  }

  static constexpr std::string_view kWorker =
      "the engine is a worker of its Swarm: only a manager can tell how the Swarm is set up";

  Conversation& engine_;
  const CollectOptions& options_;
  Facts& facts_;
  std::vector<Image> late_images_;
  std::vector<Found> late_found_;
  ThreadPool pool_;
};

}  // namespace

Status ask_engine(Conversation& engine, const CollectOptions& options, Facts& facts) {
  return EngineCollector(engine, options, facts).run();
}

}  // namespace bulkhead::audit
