#include "oci/locate.h"

#include <chrono>
#include <future>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LayoutBuilder;

// A source above this folder, as the registry client and the engines are.
class TestSource final : public ImageSource {
 public:
  TestSource(std::string scheme, Code answer) : scheme_(std::move(scheme)), answer_(answer) {}
  std::string_view scheme() const override { return scheme_; }
  std::string description() const override { return "the test's " + scheme_; }
  Result<OpenedImage> open(std::string_view reference, const OpenOptions& /*options*/) override {
    asked.emplace_back(reference);
    if (answer_ != kHasIt) return fail(answer_, "it said no");
    Image image;
    image.repo_tags.push_back(scheme_);
    return image;
  }

  static constexpr Code kHasIt = Code::kInternal;
  std::vector<std::string> asked;

 private:
  std::string scheme_;
  Code answer_;
};

class NoVisitor final : public LayerVisitor {
  Status visit(const std::string& /*name*/, const Digest& /*digest*/, BlockSource& /*bytes*/) override { return {}; }
};

Result<Image> locate(std::string_view text, std::vector<ImageSource*> sources = {}) {
  auto opened = open_image(text, sources, {});
  if (!opened) return std::unexpected(opened.error());
  if (auto* const image = std::get_if<Image>(&*opened)) return std::move(*image);
  NoVisitor visitor;
  return std::get<std::unique_ptr<SequentialImage>>(*opened)->read(visitor);
}

LayoutBuilder small_layout() {
  LayoutBuilder layout;
  layout.finish({layout.image({"content"}, "linux", "mips", testing::named("1.2"))});
  return layout;
}

std::string small_docker_archive() {
  const std::string config = testing::make_config({"content"});
  return testing::make_tar({{"l/layer.tar", "content", '0', ""},
                            {testing::hex_of(config) + ".json", config, '0', ""},
                            {"manifest.json",
                             R"([{"Config": ")" + testing::hex_of(config) +
                                 R"(.json", "RepoTags": ["app:1.2"], "Layers": ["l/layer.tar"]}])",
                             '0', ""}});
}

TEST(Locate, AStopEndsTheWaitForAFifoWithoutWriter) {
  const TemporaryFolder folder;
  const std::string fifo = folder.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& text : {fifo, "docker-archive:" + fifo, "oci:" + fifo}) {
    std::stop_source stop;
    OpenOptions options;
    options.stop = stop.get_token();
    auto answer = std::async(std::launch::async, [&]() -> Code {
      auto opened = open_image(text, {}, options);
      if (!opened) return opened.error().code();
      NoVisitor visitor;
      return std::get<std::unique_ptr<SequentialImage>>(*opened)->read(visitor).error().code();
    });
    stop.request_stop();
    const auto heard = answer.wait_for(std::chrono::seconds(20));
    EXPECT_EQ(heard, std::future_status::ready) << text;
    if (heard != std::future_status::ready) const UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK));
    EXPECT_EQ(answer.get(), Code::kCancelled) << text;
  }
}

TEST(Locate, FindsWhatLiesAtAPathByItsContent) {
  const TemporaryFolder folder;
  const std::string layout = testing::write_layout(folder, small_layout(), "layout");
  const std::string tar = folder.write("layout.tar", small_layout().tar());
  const std::string gzip = folder.write("layout.tar.gz", testing::make_gzip(small_layout().tar()));
  const std::string save = folder.write("save", small_docker_archive());
  const std::string save_gzip = folder.write("save.gz", testing::make_gzip(small_docker_archive()));
  folder.write("root/etc/os-release", "ID=debian");
  TestSource registry("registry", TestSource::kHasIt);
  for (const std::string& text :
       {layout, layout + ":1.2", tar, tar + ":1.2", gzip, gzip + ":1.2", save, save + ":app:1.2", save_gzip,
        save_gzip + ":1.2", "oci:" + layout + ":1.2", "oci:" + tar, "oci:" + gzip, "docker-archive:" + save,
        "docker-archive:" + save_gzip + ":1.2"}) {
    const auto image = locate(text, {&registry});
    ASSERT_TRUE(image) << text << ": " << image.error().to_string();
    EXPECT_EQ(image->reference, text);
    ASSERT_EQ(image->layers.size(), 1U) << text;
    EXPECT_EQ(image->layers[0].kind, Layer::Kind::kArchive) << text;
    EXPECT_EQ(image->layers[0].diff_id.to_string(), testing::digest_of("content")) << text;
  }
  for (const std::string& text :
       {folder.path() + "/root", "rootfs:" + folder.path() + "/root", "rootfs:" + folder.path()}) {
    const auto image = locate(text, {&registry});
    ASSERT_TRUE(image) << text << ": " << image.error().to_string();
    EXPECT_EQ(image->layers.at(0).kind, Layer::Kind::kDirectory) << text;
  }
  EXPECT_THAT(registry.asked, IsEmpty());
}

TEST(Locate, StreamsOnlyWhatCannotBeSought) {
  const TemporaryFolder folder;
  const std::string tar = folder.write("layout.tar", small_layout().tar());
  const std::string gzip = folder.write("layout.tar.gz", testing::make_gzip(small_layout().tar()));
  EXPECT_TRUE(std::holds_alternative<Image>(*open_image(tar, {}, {})));
  EXPECT_TRUE(std::holds_alternative<std::unique_ptr<SequentialImage>>(*open_image(gzip, {}, {})));
  auto image = locate(tar);
  ASSERT_TRUE(image) << image.error().to_string();
  auto source = image->layers[0].open();
  ASSERT_TRUE(source) << source.error().to_string();
  EXPECT_EQ(read_all(**source, 100, "layer").value(), "content");
}

TEST(Locate, AsksTheGivenSourcesInTheirOrder) {
  TestSource docker("docker", Code::kNotFound);
  TestSource podman("podman", Code::kUnavailable);
  TestSource registry("registry", TestSource::kHasIt);
  const auto image = locate("no-such-folder:1.2", {&docker, &podman, &registry});
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_THAT(image->repo_tags, ElementsAre("registry"));
  EXPECT_EQ(image->reference, "no-such-folder:1.2");
  EXPECT_THAT(docker.asked, ElementsAre("no-such-folder:1.2"));
  EXPECT_THAT(podman.asked, ElementsAre("no-such-folder:1.2"));
}

TEST(Locate, APrefixForcesItsSource) {
  TestSource docker("docker", TestSource::kHasIt);
  TestSource registry("registry", TestSource::kHasIt);
  const auto image = locate("registry:localhost:5000/app:1.2", {&docker, &registry});
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_THAT(registry.asked, ElementsAre("localhost:5000/app:1.2"));
  EXPECT_THAT(docker.asked, IsEmpty());
  EXPECT_EQ(image->reference, "registry:localhost:5000/app:1.2");
}

TEST(Locate, SaysWhatItTriedAndWhy) {
  TestSource docker("docker", Code::kPermissionDenied);
  TestSource registry("registry", Code::kNotFound);
  const auto image = locate("no-such-folder", {&docker, &registry});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kNotFound);
  EXPECT_EQ(image.error().message(),
            "no-such-folder: no such image was found; tried in this order:\n"
            "  1. a file or folder: no-such-folder: there is no such file or folder\n"
            "  2. the test's docker: it said no\n"
            "  3. the test's registry: it said no");
  EXPECT_THAT(image.error().remedy(), HasSubstr("registry:NAME"));
  TestSource offline("registry", Code::kUnavailable);
  EXPECT_EQ(locate("no-such-folder", {&offline}).error().code(), Code::kUnavailable);
  EXPECT_EQ(locate("").error().code(), Code::kInvalidArgument);
}

TEST(Locate, TellsWhatARepositoryHasFromWhatLiesAtAPath) {
  const TemporaryFolder folder;
  TestSource registry("registry", TestSource::kHasIt);
  for (const char* text : {"shop/cart:1", "registry:shop/cart:1"}) {
    const auto image = locate(text, {&registry});
    ASSERT_TRUE(image) << text;
    EXPECT_TRUE(image->from_repository) << text;
  }
  const std::string save = folder.write("save", small_docker_archive());
  for (const std::string& text :
       {save, "docker-archive:" + save, folder.write("save.gz", testing::make_gzip(small_docker_archive()))}) {
    const auto image = locate(text, {&registry});
    ASSERT_TRUE(image) << text;
    EXPECT_FALSE(image->from_repository) << text;
  }
}

TEST(Locate, LetsNoSourceAddALineToTheList) {
  class Lying final : public ImageSource {
    std::string_view scheme() const override { return "lying"; }
    std::string description() const override { return "a server"; }
    Result<OpenedImage> open(std::string_view /*reference*/, const OpenOptions& /*options*/) override {
      return fail(Code::kNotFound, "none\n  9. the registry: found", "or\nnot");
    }
  } lying;
  const auto image = locate("nosuch", {&lying});
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().message(), HasSubstr("\n  2. a server: none\\x0a  9. the registry: found (or\\x0anot)"));
}

TEST(Locate, DoesNotAskRegistriesForPaths) {
  TestSource registry("registry", TestSource::kHasIt);
  for (const std::string_view text : {"./no-such-folder", "/no-such-folder/image.tar", "../x"}) {
    const auto image = locate(text, {&registry});
    ASSERT_FALSE(image) << text;
    EXPECT_EQ(image.error().code(), Code::kNotFound);
    EXPECT_THAT(image.error().message(), HasSubstr("is not an image reference"));
  }
  EXPECT_THAT(registry.asked, IsEmpty());
}

TEST(Locate, StopsAtAnImageThatIsNotSound) {
  const TemporaryFolder folder;
  LayoutBuilder layout = small_layout();
  layout.files.erase("blobs/sha256/" + testing::hex_of("content"));
  const std::string broken = testing::write_layout(folder, layout, "broken");
  const std::string truncated = folder.write("truncated.tar", small_layout().tar().substr(0, 1500));
  const std::string no_image = folder.write("root.tar", testing::make_tar({{"etc/passwd", "root", '0', ""}}));
  TestSource registry("registry", TestSource::kHasIt);
  EXPECT_THAT(locate(broken, {&registry}).error().to_string(), HasSubstr("is missing"));
  EXPECT_EQ(locate(truncated, {&registry}).error().code(), Code::kMalformed);
  EXPECT_EQ(locate(no_image, {&registry}).error().code(), Code::kUnsupported);
  EXPECT_EQ(locate(folder.path() + "/broken:9.9", {&registry}).error().code(), Code::kNotFound);
  EXPECT_THAT(registry.asked, IsEmpty());
  TestSource corrupt("docker", Code::kVerificationFailed);
  EXPECT_EQ(locate("no-such-folder", {&corrupt, &registry}).error().code(), Code::kVerificationFailed);
}

TEST(Locate, GoesOnWhereAFileOrFolderOnlySharesTheName) {
  const TemporaryFolder folder;
  folder.write("alpine/Dockerfile", "FROM scratch");
  folder.write("debian", "a note about Debian");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  TestSource registry("registry", TestSource::kHasIt);
  for (const std::string_view text : {"alpine", "alpine:3.19", "debian", "debian:12"}) {
    EXPECT_TRUE(locate(text, {&registry})) << text;
  }
  TestSource none("registry", Code::kNotFound);
  EXPECT_THAT(locate("alpine", {&none}).error().message(), HasSubstr("neither an OCI layout"));
  EXPECT_THAT(locate("alpine:3.19", {&none}).error().message(), HasSubstr("no OCI layout that could hold :3.19"));
  EXPECT_THAT(locate("debian", {&none}).error().message(), HasSubstr("no tar archive"));
  EXPECT_EQ(registry.asked.size(), 4U);
  std::filesystem::current_path(before);
}

TEST(Locate, TakesNoSourceCodeForARootFileSystem) {
  const TemporaryFolder folder;
  folder.write("cart/bin/run", "#!/bin/sh");
  folder.write("cart/lib/cart.rb", "module Cart");
  folder.write("cart/etc/cart.conf", "");
  folder.write("cart/var/log/empty", "");
  folder.write("plain/etc/passwd", "");
  folder.write("plain/usr/bin/env", "");
  folder.write("distroless/var/lib/dpkg/status.d/base", "");
  folder.write("alpine/lib/apk/db/installed", "");
  std::filesystem::create_directories(folder.path() + "/linked/etc");
  std::filesystem::create_symlink("/usr/lib/os-release", folder.path() + "/linked/etc/os-release");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  TestSource registry("registry", TestSource::kHasIt);
  EXPECT_TRUE(locate("cart", {&registry}));
  EXPECT_THAT(registry.asked, ElementsAre("cart"));
  EXPECT_TRUE(locate("rootfs:cart", {&registry}));
  for (const std::string_view root : {"plain", "distroless", "alpine", "linked"}) {
    const auto image = locate(root, {&registry});
    ASSERT_TRUE(image) << root << ": " << image.error().to_string();
    EXPECT_EQ(image->layers.at(0).kind, Layer::Kind::kDirectory) << root;
  }
  EXPECT_EQ(registry.asked.size(), 1U);
  std::filesystem::current_path(before);
}

TEST(Locate, ExplainsPrefixesThatAreAlsoImages) {
  TestSource registry("registry", Code::kNotFound);
  TestSource docker("docker", Code::kNotFound);
  EXPECT_EQ(locate("registry:2", {&registry, &docker}).error().remedy(),
            "if the image registry with the tag 2 is meant, write docker.io/library/registry:2");
  EXPECT_THAT(locate("docker:24-dind", {&registry, &docker}).error().remedy(),
              HasSubstr("docker.io/library/docker:24-dind"));
  EXPECT_EQ(locate("docker:app", {&registry, &docker}).error().remedy(), "");
  EXPECT_THAT(docker.asked, ElementsAre("24-dind", "app"));
}

TEST(Locate, SaysWhatATarFileIsThatIsNoImage) {
  const TemporaryFolder folder;
  const std::string tar = testing::make_tar(
      {{"etc/os-release", "", '2', "../usr/lib/os-release"}, {"usr/lib/os-release", "ID=debian", '0', ""}});
  for (const std::string& path : {folder.write("root.tar", tar), folder.write("root.tgz", testing::make_gzip(tar))}) {
    for (const std::string_view prefix : {"", "oci:", "docker-archive:"}) {
      const auto image = locate(std::string(prefix) + path);
      ASSERT_FALSE(image) << prefix << path;
      EXPECT_EQ(image.error().code(), Code::kUnsupported);
      EXPECT_EQ(image.error().to_string(),
                path + ": is a root file system (it holds etc/os-release), but no image: it has no manifest");
      EXPECT_THAT(image.error().remedy(), HasSubstr("scan rootfs:"));
    }
  }
  OpenOptions options;
  options.archive_limits.max_members = 1;
  const auto large = open_image(folder.path() + "/root.tar", {}, options);
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().remedy(), HasSubstr("--max-members; if it is no image but a root file system"));
}

TEST(Locate, ForcedSourcesSayWhatIsWrongWithTheirPath) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "text");
  struct Case {
    std::string text;
    Code code;
    std::string_view problem;
  };
  const Case cases[] = {
      {"oci:" + folder.path() + "/none:1", Code::kNotFound, "there is no such file or folder"},
      {"oci:" + file, Code::kUnsupported, "no tar archive"},
      {"oci:" + folder.path(), Code::kNotFound, "holds no oci-layout"},
      {"oci:" + folder.path() + ":", Code::kInvalidArgument, "empty"},
      {"docker-archive:" + folder.path(), Code::kInvalidArgument, "is a folder"},
      {"docker-archive:" + file, Code::kUnsupported, "no tar archive"},
      {"rootfs:" + file, Code::kInvalidArgument, "is not a folder"},
      {"rootfs:" + folder.path() + "/none", Code::kNotFound, "there is no such"},
      {"oci:", Code::kInvalidArgument, "\"oci:\": nothing follows the prefix"},
      {"rootfs:", Code::kInvalidArgument, "\"rootfs:\": nothing follows the prefix"},
      {"oci:@1", Code::kNotFound, "\"@1\": the path is empty"},
  };
  for (const Case& c : cases) {
    const auto image = locate(c.text);
    ASSERT_FALSE(image) << c.text;
    EXPECT_EQ(image.error().code(), c.code) << c.text;
    EXPECT_THAT(image.error().to_string(), HasSubstr(c.problem)) << c.text;
  }
}

}  // namespace
}  // namespace bulkhead::oci
