/// Derivatives by finite differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

namespace rondo::test {

/// The derivative at 0 of `loss`, a function of a distance in f64 whose other derivatives are near 1, within about
/// 5e-9. Nothing if an activation or a clip has a kink near 0. A kink within half of the distance bends the loss by
/// more than a smooth one, and one beyond it changes the difference over the whole distance alone.
template <typename Loss>
std::optional<double> central_difference(const Loss& loss) {
  constexpr double kDistance = 1e-6;
  const auto over = [&](double distance) { return (loss(distance) - loss(-distance)) / (2 * distance); };
  const double whole = over(kDistance);
  const double half = over(kDistance / 2);
  const double here = loss(0.0);
  const double bend = loss(-kDistance) - 2 * here + loss(kDistance);
  const bool has_kink = std::abs(bend) > 1e-9 * std::max(1.0, std::abs(here)) ||
                        std::abs(whole - half) > 5e-9 * std::max({1.0, std::abs(whole), std::abs(here)});
  return has_kink ? std::nullopt : std::optional(whole);
}

}  // namespace rondo::test
