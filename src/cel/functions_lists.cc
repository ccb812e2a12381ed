// The extensions `lists` and `sets`.
#include "cel/functions_lists.h"

#include <algorithm>
#include <vector>

#include "cel/functions_text.h"

namespace bulkhead::cel {
namespace {

using Arguments = std::span<const Value>;

Value list_of(Context& context, std::span<const Value> elements) {
  Value* copy = new_elements(context, elements.size());
  if (copy == nullptr) return out_of_memory();
  std::ranges::copy(elements, copy);
  return Value::list({copy, elements.size()});
}

// Whether the list has the value; charges for looking.
bool has_element(Context& context, std::span<const Value> list, const Value& value) {
  return std::ranges::any_of(
      list, [&](const Value& element) { return charge_comparison(context, value, element) && equal(value, element); });
}

bool has_all(Context& context, std::span<const Value> list, std::span<const Value> values) {
  return std::ranges::all_of(values, [&](const Value& value) { return has_element(context, list, value); });
}

bool two_lists(Arguments arguments) {
  return arguments[0].is(Kind::kList) && arguments[1].is(Kind::kList);
}

// False when it would cost too much.
bool append_flat(Context& context, std::vector<Value>& out, std::span<const Value> list, int64_t depth) {
  for (const Value& element : list) {
    if (!context.charge(1)) return false;
    if (depth > 0 && element.is(Kind::kList)) {
      if (!append_flat(context, out, element.as_list(), depth - 1)) return false;
    } else {
      out.push_back(element);
    }
  }
  return true;
}

}  // namespace

Value fn_distinct(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kList)) return no_such_overload();
  std::vector<Value> out;
  for (const Value& element : arguments[0].as_list()) {
    if (!has_element(context, out, element)) out.push_back(element);
  }
  return list_of(context, out);
}

Value fn_flatten(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kList) || (arguments.size() > 1 && !arguments[1].is(Kind::kInt)))
    return no_such_overload();
  const int64_t depth = arguments.size() > 1 ? arguments[1].as_int() : 1;
  if (depth < 0) return Value::error("flatten: a depth below nothing");
  std::vector<Value> out;
  if (!append_flat(context, out, arguments[0].as_list(), depth)) return out_of_memory();
  return list_of(context, out);
}

Value fn_slice(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kList) || !arguments[1].is(Kind::kInt) || !arguments[2].is(Kind::kInt)) {
    return no_such_overload();
  }
  const auto list = arguments[0].as_list();
  const int64_t from = arguments[1].as_int();
  const int64_t to = arguments[2].as_int();
  if (from < 0 || to < from || to > static_cast<int64_t>(list.size())) return Value::error("slice: index out of range");
  return Value::list(list.subspan(static_cast<size_t>(from), static_cast<size_t>(to - from)));
}

Value fn_sort(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kList)) return no_such_overload();
  const auto list = arguments[0].as_list();
  if (list.empty()) return arguments[0];
  if (!std::ranges::all_of(list, [&](const Value& each) {
        return each.kind() == list[0].kind() && comparable(each, list[0]) && compare(each, each) == Order::kEqual;
      })) {
    return no_such_overload();
  }
  uint64_t rounds = 1;
  while ((size_t{1} << rounds) < list.size()) ++rounds;
  if (!context.charge(rounds * list.size())) return out_of_memory();
  std::vector<Value> sorted(list.begin(), list.end());
  std::ranges::sort(sorted, [](const Value& a, const Value& b) { return compare(a, b) == Order::kLess; });
  return list_of(context, sorted);
}

Value fn_reverse(Context& context, Arguments arguments) {
  if (arguments[0].is(Kind::kString)) return fn_reverse_text(context, arguments);
  if (!arguments[0].is(Kind::kList)) return no_such_overload();
  const auto list = arguments[0].as_list();
  return list_of(context, std::vector<Value>(list.rbegin(), list.rend()));
}

Value fn_first(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kList)) return no_such_overload();
  const auto list = arguments[0].as_list();
  return list.empty() ? Value::none() : Value::optional(&list.front());
}

Value fn_last(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kList)) return no_such_overload();
  const auto list = arguments[0].as_list();
  return list.empty() ? Value::none() : Value::optional(&list.back());
}

Value fn_range(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kInt)) return no_such_overload();
  const auto size = static_cast<size_t>(std::max<int64_t>(0, arguments[0].as_int()));
  Value* elements = new_elements(context, size);
  if (elements == nullptr) return out_of_memory();
  for (size_t i = 0; i < size; ++i) elements[i] = Value::integer(static_cast<int64_t>(i));
  return Value::list({elements, size});
}

Value fn_set_contains(Context& context, Arguments arguments) {
  if (!two_lists(arguments)) return no_such_overload();
  return Value::boolean(has_all(context, arguments[0].as_list(), arguments[1].as_list()));
}

Value fn_set_equivalent(Context& context, Arguments arguments) {
  if (!two_lists(arguments)) return no_such_overload();
  return Value::boolean(has_all(context, arguments[0].as_list(), arguments[1].as_list()) &&
                        has_all(context, arguments[1].as_list(), arguments[0].as_list()));
}

Value fn_set_intersects(Context& context, Arguments arguments) {
  if (!two_lists(arguments)) return no_such_overload();
  return Value::boolean(std::ranges::any_of(
      arguments[1].as_list(), [&](const Value& value) { return has_element(context, arguments[0].as_list(), value); }));
}

}  // namespace bulkhead::cel
