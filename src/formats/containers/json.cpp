#include "formats/containers/json.h"

#include <utility>
#include <vector>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

/// Builds the document from the parser's events. The library's own builder keeps the last of several equal keys and has
/// no bound on depth; its callbacks could check that, but cost time quadratic in the number of members.
class StrictBuilder final : public nlohmann::json_sax<json> {
 public:
  StrictBuilder(std::string what, std::size_t max_depth) : what_(std::move(what)), max_depth_(max_depth) {}

  json take() { return std::move(document_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(std::move(value)); }  // not part of JSON texts

  bool key(string_t& name) override {
    const auto [member, is_new] = open_.back()->get_ref<json::object_t&>().try_emplace(name);
    if (!is_new) throw ValueError(what_, "the key " + shown(name) + " twice", "each key once");
    member_ = &member->second;
    return true;
  }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    const std::string text = error.what();  // "[json.exception.parse_error.101] parse error at line 1, ..."
    const std::size_t bracket = text.find("] ");
    throw ValueError(what_, text.substr(bracket == std::string::npos ? 0 : bracket + 2), "JSON in UTF-8");
  }

 private:
  json* place(json value) {
    if (open_.empty()) {
      document_ = std::move(value);
      return &document_;
    }
    if (open_.back()->is_array()) return &open_.back()->get_ref<json::array_t&>().emplace_back(std::move(value));
    *member_ = std::move(value);
    return member_;
  }

  bool add(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json container) {
    if (open_.size() == max_depth_) {
      throw ValueError(what_, "JSON nested deeper", "at most " + std::to_string(max_depth_) + " levels");
    }
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string what_;
  std::size_t max_depth_;
  json document_;
  std::vector<json*> open_;  // stable: a container does not grow while one inside it is open
  json* member_ = nullptr;
};

}  // namespace

json parse_json(std::string_view text, const std::string& what, std::size_t max_depth) {
  // The library takes a zero byte for the end of the text and would ignore the rest.
  if (text.find('\0') != std::string_view::npos) throw ValueError(what, "a zero byte", "JSON in UTF-8");
  StrictBuilder builder(what, max_depth);
  json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

std::string shown(const json& value) {
  constexpr std::size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', true);  // ASCII only: a cut cannot split a character
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace rondo
