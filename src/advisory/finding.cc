#include "advisory/finding.h"

namespace bulkhead::advisory {

std::string_view suppression_name(Suppression suppression) {
  switch (suppression) {
    case Suppression::kNotAffected:
      return "not_affected";
    case Suppression::kUnderInvestigation:
      return "under_investigation";
    case Suppression::kIgnoredByPublisher:
      return "ignored_by_publisher";
    case Suppression::kRejected:
      return "rejected";
    case Suppression::kOwnedByDistribution:
      return "owned_by_distribution";
    case Suppression::kIgnored:
      return "ignored";
  }
  return "unknown";
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAffected:
      return "affected";
    case Outcome::kNotInRange:
      return "not_in_range";
    case Outcome::kNotAffected:
      return "not_affected";
    case Outcome::kOtherArchitecture:
      return "other_architecture";
    case Outcome::kOtherModule:
      return "other_module";
    case Outcome::kOtherProduct:
      return "other_product";
    case Outcome::kOtherFlavour:
      return "other_flavour";
    case Outcome::kOverruled:
      return "overruled";
    case Outcome::kUnreadable:
      return "unreadable";
  }
  return "unknown";
}

}  // namespace bulkhead::advisory
