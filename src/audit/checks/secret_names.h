// Environment variables that hold a secret in plain text, by their names and by the form of their values. What a
// variable holds is never part of an answer. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::audit {

// "DB_PASSWORD", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"; not "DB_PASSWORD_FILE", "AWS_ACCESS_KEY_ID", "PWD".
bool is_secret_name(std::string_view name);

// Of variables as the engine has them ("NAME=value"), in their order: the names of those with a secret's name and a
// value that can be one (not empty, no yes or no, no path), and of those with an address that has a password in it
// ("postgres://app:…@db").
std::vector<std::string> plain_secrets(const std::vector<std::string>& env);

}  // namespace bulkhead::audit
