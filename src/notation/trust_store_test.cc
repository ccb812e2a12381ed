#include "notation/trust_store.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/temporary_folder.h"
#include "crypto/test_certificate.h"

namespace bulkhead::notation {
namespace {

class FolderTrustStoreTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& contents) {
    ASSERT_TRUE(write_file_atomically(folder.path() + "/" + path, contents));
  }
  Result<std::vector<Certificate>> read(StoreType type = StoreType::kCa, const std::string& name = "acme") const {
    return FolderTrustStore(folder.path()).certificates({.type = type, .name = name});
  }
  Code code(StoreType type = StoreType::kCa, const std::string& name = "acme") const {
    const auto certificates = read(type, name);
    EXPECT_FALSE(certificates);
    return certificates ? Code::kInternal : certificates.error().code();
  }

  TemporaryFolder folder;
  TestIdentity root = make_certificate(authority_recipe("root"));
  TestIdentity other = make_certificate(authority_recipe("other"));
};

TEST_F(FolderTrustStoreTest, HoldsTheCertificatesOfItsFiles) {
  put("x509/ca/acme/a.pem", root.pem());
  put("x509/ca/acme/b.crt", other.der);
  put("x509/ca/acme/c.CER", root.pem() + other.pem());
  put("x509/ca/acme/notes.txt", "not read");
  put("x509/ca/acme/below/d.pem", "not read");
  put("x509/tsa/acme/t.pem", other.pem());
  const auto certificates = read();
  ASSERT_TRUE(certificates) << certificates.error().to_string();
  EXPECT_EQ(certificates->size(), 4);
  EXPECT_EQ(read(StoreType::kTsa)->size(), 1);
}

TEST_F(FolderTrustStoreTest, IsMissedWhenItIsNotThereOrEmpty) {
  EXPECT_EQ(code(), Code::kNotFound);
  ASSERT_TRUE(make_directories(folder.path() + "/x509/ca/acme"));
  EXPECT_EQ(code(), Code::kNotFound);
  EXPECT_EQ(code(StoreType::kSigningAuthority), Code::kNotFound);
}

TEST_F(FolderTrustStoreTest, RefusesSymbolicLinks) {
  put("elsewhere/a.pem", root.pem());
  ASSERT_TRUE(make_directories(folder.path() + "/x509/ca/acme"));
  std::filesystem::create_symlink(folder.path() + "/elsewhere/a.pem", folder.path() + "/x509/ca/acme/a.pem");
  EXPECT_EQ(code(), Code::kInvalidArgument);
  std::filesystem::create_directory_symlink(folder.path() + "/elsewhere", folder.path() + "/x509/ca/linked");
  EXPECT_EQ(code(StoreType::kCa, "linked"), Code::kInvalidArgument);
  std::filesystem::create_directory_symlink(folder.path() + "/x509/ca", folder.path() + "/x509/tsa");
  EXPECT_EQ(code(StoreType::kTsa), Code::kInvalidArgument);
}

TEST_F(FolderTrustStoreTest, NeverLeavesItsFolder) {
  put("x509/ca/acme/a.pem", root.pem());
  put("x509/evil/a.pem", root.pem());
  for (const std::string name : {"../evil", "..", ".", "", "acme/../../evil", "/etc"}) {
    EXPECT_EQ(code(StoreType::kCa, name), Code::kInvalidArgument) << name;
  }
}

TEST_F(FolderTrustStoreTest, RefusesCertificatesThatAreNoRoots) {
  put("x509/ca/acme/a.pem", make_certificate(code_signing_recipe("leaf"), &root).pem());
  EXPECT_EQ(code(), Code::kInvalidArgument);
  put("x509/ca/self/a.pem", make_certificate(code_signing_recipe("alone")).pem());
  EXPECT_TRUE(read(StoreType::kCa, "self"));
  const TestIdentity middle = make_certificate(authority_recipe("middle"), &root);
  put("x509/ca/middle/a.pem", middle.pem());
  EXPECT_TRUE(read(StoreType::kCa, "middle"));
  put("x509/tsa/middle/a.pem", middle.pem());
  EXPECT_EQ(code(StoreType::kTsa, "middle"), Code::kInvalidArgument);
  put("x509/tsa/self/a.pem", make_certificate(code_signing_recipe("alone")).pem());
  EXPECT_EQ(code(StoreType::kTsa, "self"), Code::kInvalidArgument);
}

TEST_F(FolderTrustStoreTest, NamesTheFileThatCannotBeRead) {
  put("x509/ca/acme/broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const auto certificates = read();
  ASSERT_FALSE(certificates);
  EXPECT_TRUE(certificates.error().to_string().contains("broken.pem")) << certificates.error().to_string();
}

}  // namespace
}  // namespace bulkhead::notation
