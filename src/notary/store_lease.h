// A connection out of the store's pool, for as long as this lives. Internal to notary.
#pragma once

#include <utility>

#include "notary/store.h"

namespace bulkhead::notary {

class Store::Lease {
 public:
  Lease(Store& store, std::unique_ptr<Connection> connection) : store_(&store), connection_(std::move(connection)) {}
  Lease(Lease&&) = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (connection_ == nullptr) return;
    const std::scoped_lock lock(store_->pool_mutex_);
    store_->pool_.push_back(std::move(connection_));
  }
  Connection& operator*() const { return *connection_; }
  Connection* operator->() const { return connection_.get(); }

 private:
  Store* store_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace bulkhead::notary
