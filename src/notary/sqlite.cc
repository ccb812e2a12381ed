#include "notary/sqlite.h"

#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "base/fs.h"

namespace bulkhead::notary {
namespace {

constexpr int kBusyMilliseconds = 10'000;

Code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kMalformed;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return Code::kPermissionDenied;
    default:
      return Code::kIo;
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), bound_(other.bound_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  ::sqlite3_reset(statement_);
  ::sqlite3_clear_bindings(statement_);
}

Result<bool> Statement::step() {
  const int result = ::sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3* database = ::sqlite3_db_handle(statement_);
  return fail(code_of(result), fmt::format("database: {}", ::sqlite3_errmsg(database)));
}

Status Statement::run() {
  TRY(step());
  return {};
}

int64_t Statement::integer(int column) const {
  return ::sqlite3_column_int64(statement_, column);
}

std::string_view Statement::bytes(int column) const {
  const void* data = ::sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<size_t>(::sqlite3_column_bytes(statement_, column))};
}

void Statement::bind_next(int64_t value) {
  ::sqlite3_bind_int64(statement_, ++bound_, value);
}

// The caller's bytes live as long as the statement is in use.
void Statement::bind_next(std::string_view text) {
  ::sqlite3_bind_blob64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path) {
  // SQLite gives its journal the mode of the database.
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return fail(errno_error(errno, path));
  sqlite3* database = nullptr;
  const int result = ::sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(database, path));
  if (result != SQLITE_OK) return fail(connection->error());
  ::sqlite3_extended_result_codes(database, 1);
  ::sqlite3_busy_timeout(database, kBusyMilliseconds);
  ::sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  TRY(connection->execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL"));
  TRY_ASSIGN(Statement journal, connection->prepare("PRAGMA journal_mode = WAL"));
  TRY(journal.run());
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) ::sqlite3_finalize(statement);
  ::sqlite3_close(database_);
}

Error Connection::error() const {
  return Error(code_of(::sqlite3_errcode(database_)), ::sqlite3_errmsg(database_)).with_context(path_);
}

Result<Statement> Connection::prepare(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    if (::sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                             nullptr) != SQLITE_OK) {
      return fail(error());
    }
    found = statements_.emplace(sql, statement).first;
  }
  return Statement(found->second);
}

Status Connection::execute(const std::string& script) {
  if (::sqlite3_exec(database_, script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return fail(error());
  return {};
}

Status Connection::transaction(const std::function<Status()>& work) {
  TRY(execute("BEGIN IMMEDIATE"));
  Status done = work();
  if (done) done = execute("COMMIT");
  if (!done && ::sqlite3_get_autocommit(database_) == 0) {
    ::sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return done;
}

}  // namespace bulkhead::notary
