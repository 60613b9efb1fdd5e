#include "formats/containers/npy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::array<std::pair<std::string_view, DType>, 7> kDTypes{{{"<f2", DType::f16},
                                                                     {"<f4", DType::f32},
                                                                     {"<f8", DType::f64},
                                                                     {"<i4", DType::i32},
                                                                     {"<i8", DType::i64},
                                                                     {"|b1", DType::boolean},
                                                                     {"|u1", DType::u8}}};

/// Reads those of Python's literals that NumPy writes.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  NpyHeader read() {
    expect('{');
    for (int count = 0; follows(count, '}'); ++count) {
      const std::string_view key = string("a key");
      expect(':');
      read_value(key);
    }
    skip_blanks();
    if (at_ != text_.size()) refuse("nothing behind the dictionary");
    if (!descr_ || !fortran_order_ || !shape_) refuse("the keys descr, fortran_order and shape");
    return {*descr_, *fortran_order_, *shape_};
  }

 private:
  [[noreturn]] void refuse(const std::string& expected) const {
    constexpr std::size_t kMost = 100;
    std::string shown;
    for (const char c : text_.substr(0, kMost)) shown += c >= ' ' && c <= '~' ? c : '?';
    throw ValueError(where_ + ": header", "\"" + shown + (text_.size() > kMost ? "...\"" : "\""),
                     expected + " at position " + std::to_string(at_));
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }

  bool accept(char c) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) refuse(std::string("'") + c + "'");
  }

  /// Whether another element follows the first `count` of a list that ends with `end`; a comma may stand before `end`.
  bool follows(int count, char end) {
    if (accept(end)) return false;
    if (count == 0) return true;
    expect(',');
    return !accept(end);
  }

  bool accept_word(std::string_view word) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string_view string(const std::string& what) {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'' && !accept('\'')) refuse(what + " in quotes");
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) refuse("the end of a string");
    const std::string_view content = text_.substr(at_, end - at_);
    at_ = end + 1;
    return content;
  }

  void read_value(std::string_view key) {
    if (key == "descr" && !descr_) {
      descr_ = dtype();
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = accept_word("True");
      if (!*fortran_order_ && !accept_word("False")) refuse("True or False");
    } else if (key == "shape" && !shape_) {
      shape_ = shape();
    } else {
      refuse("the keys descr, fortran_order and shape, each once,");
    }
  }

  DType dtype() {
    skip_blanks();
    const std::size_t begin = at_;
    std::string known;
    const bool structured = at_ < text_.size() && text_[at_] == '[';
    const std::string_view name = structured ? "a structured dtype" : string("a dtype");
    for (const auto& [descr, dtype] : kDTypes) {
      if (name == descr) return dtype;
      known += (known.empty() ? "'" : ", '") + std::string(descr) + "'";
    }
    at_ = begin;
    refuse("a dtype of " + known);
  }

  std::int64_t size() {
    skip_blanks();
    std::int64_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) refuse("a size from 0 to 2^63 - 1");
    at_ += static_cast<std::size_t>(end - begin);
    accept('L');  // Python 2 ends long numbers with L
    return value;
  }

  Shape shape() {
    std::vector<std::int64_t> sizes;
    expect('(');
    for (int count = 0; follows(count, ')'); ++count) {
      if (sizes.size() == kMaxRank) refuse("at most " + std::to_string(kMaxRank) + " axes");
      sizes.push_back(size());
    }
    return Shape(std::span<const std::int64_t>(sizes));
  }

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
  std::optional<DType> descr_;
  std::optional<bool> fortran_order_;
  std::optional<Shape> shape_;
};

}  // namespace

std::string npy_descr(DType dtype) {
  const auto found =
      std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& known) { return known.second == dtype; });
  return std::string(found->first);
}

NpyHeader parse_npy_header(std::string_view text, const std::string& where) { return HeaderReader(text, where).read(); }

}  // namespace rondo
