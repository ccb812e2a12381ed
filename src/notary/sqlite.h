// SQLite, as far as the store needs it. Internal to notary; a connection is used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bulkhead::notary {

// A statement in use; it is reset when this dies. Columns count from 0, and views of them last until the next step().
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // The parameters in order.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    (bind_next(values), ...);
    return *this;
  }
  // True: there is a row.
  Result<bool> step();
  // For what answers no rows.
  Status run();

  int64_t integer(int column) const;
  std::string_view bytes(int column) const;

 private:
  void bind_next(int64_t value);
  void bind_next(bool value) { bind_next(int64_t{value}); }
  void bind_next(std::string_view text);  // bound as a blob, as every text here is

  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Connection {
 public:
  // kIo, kPermissionDenied, kMalformed name the path. The file is made, with mode 0600, where there is none.
  static Result<std::unique_ptr<Connection>> open(const std::string& path);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // `sql` is a literal: statements are kept by it.
  Result<Statement> prepare(std::string_view sql);
  template <typename... Values>
  Status run(std::string_view sql, const Values&... values) {
    TRY_ASSIGN(Statement statement, prepare(sql));
    return statement.bind(values...).run();
  }
  // Several statements without parameters or rows.
  Status execute(const std::string& script);
  // All that `work` does, or none of it when it fails.
  Status transaction(const std::function<Status()>& work);

 private:
  explicit Connection(sqlite3* database, std::string path) : database_(database), path_(std::move(path)) {}
  Error error() const;

  sqlite3* database_;
  std::string path_;
  std::map<std::string_view, sqlite3_stmt*> statements_;
};

}  // namespace bulkhead::notary
