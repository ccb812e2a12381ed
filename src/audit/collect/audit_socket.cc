// Asks the kernel for its audit state and rules.
#include <array>
#include <cerrno>
#include <chrono>

#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "audit/collect/audit_rules.h"
#include "audit/collect/rooted_folder.h"
#include "audit/collect/unknown.h"
#include "base/fs.h"

namespace bulkhead::audit {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience{1000};
constexpr size_t kMaxDatagrams = 200'000;
constexpr std::string_view kWhat = "the kernel's audit rules";

// The kernel's refusals in words of this place.
Error refusal(int error_number) {
  switch (error_number) {
    case EPROTONOSUPPORT:
      return {Code::kUnsupported, "this kernel has no audit"};
    case EPERM:
    case EACCES:
      return {Code::kPermissionDenied, fmt::format("{}: not permitted", kWhat), "run as root, with CAP_AUDIT_CONTROL"};
    case ECONNREFUSED:
      return {Code::kUnavailable, fmt::format("{}: the kernel does not tell them in this namespace", kWhat)};
    default:
      return errno_error(error_number, kWhat);
  }
}

Status ask(int fd, uint16_t type, AuditAnswer& answer) {
  nlmsghdr request{};
  request.nlmsg_len = sizeof request;
  request.nlmsg_type = type;
  request.nlmsg_flags = NLM_F_REQUEST;
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(fd, &request, sizeof request, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0) {
    return fail(refusal(errno));
  }
  std::array<std::byte, 65536> buffer{};
  const auto deadline = Clock::now() + kPatience;
  for (size_t count = 0; count < kMaxDatagrams; ++count) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd polled{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&polled, 1, static_cast<int>(left)) == 0) break;
    sockaddr_nl sender{};
    socklen_t size = sizeof sender;
    const ssize_t received =
        ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&sender), &size);
    if (received < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (received < 0) return fail(refusal(errno));
    if (sender.nl_pid != 0) continue;  // anybody may send to a netlink socket; only the kernel answers
    const auto complete = parse_audit_datagram(ByteSpan(buffer).first(static_cast<size_t>(received)), answer);
    if (!complete) {
      return fail(complete.error().code() == Code::kPermissionDenied ? refusal(EPERM) : complete.error());
    }
    if (*complete) return {};
  }
  return fail(Code::kDeadlineExceeded, fmt::format("{}: the kernel does not answer", kWhat));
}

Result<AuditAnswer> ask_kernel() {
  const UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  if (!fd) return fail(refusal(errno));
  AuditAnswer answer;
  TRY(ask(fd.get(), AUDIT_GET, answer));
  TRY(ask(fd.get(), AUDIT_LIST_RULES, answer));
  return answer;
}

}  // namespace

void look_at_audit_rules(Host& host) {
  auto answer = ask_kernel();
  if (!answer) {
    host.audit_watches = unknown_because(answer.error());
    return;
  }
  const auto root = RootedFolder::open("/");
  if (answer->enabled == 0U) {
    host.audit_off = "auditing is switched off (auditctl -e 1 switches it on)";
  } else if (answer->rules.never_records) {
    host.audit_off = "a rule keeps the kernel from recording any system call (auditctl -d never,task removes it)";
  }
  if (!host.audit_off.empty()) answer->rules.watches.clear();
  if (root) {
    for (AuditWatch& watch : answer->rules.watches) watch.path = root->named(watch.path);
  }
  host.audit_watches = std::move(answer->rules.watches);
}

}  // namespace bulkhead::audit
