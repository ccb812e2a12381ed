// Variables of environments and commands that hold a secret in plain text, by their names (secret_words.h) and by the
// shapes of their values (secret_shapes.h). What a variable holds is never part of an answer. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/checks/secret_shapes.h"

namespace bulkhead::audit {

// "DB_PASSWORD", "apiToken", "SSHPASS", "AWS_SECRET_ACCESS_KEY"; not "DB_PASSWORD_FILE", "TOKEN_ENDPOINT", "COMPASS".
bool is_secret_name(std::string_view name);

// Why "NAME=value" is a secret: "DB_PASSWORD (by its name)", "URL (password in a URL)". Empty when it is none. By its
// name only with a value that can be one: not empty, no yes or no, no path, no place where the secret is kept.
std::string secret_in_assignment(std::string_view assignment, Expansion expansion);

// The same for each word of a command for a shell, "export TOKEN=x" or "--password=x", and the shapes of secrets
// anywhere in it. Each once, and a hundred or so at most.
std::vector<std::string> secrets_in_command(std::string_view command);

// Of variables as the engine has them ("NAME=value"), in their order: the names of those that are secrets.
std::vector<std::string> plain_secrets(const std::vector<std::string>& env);

}  // namespace bulkhead::audit
