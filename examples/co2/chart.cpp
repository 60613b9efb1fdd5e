#include "chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace co2 {
namespace {

constexpr double kWidth = 860.0;
constexpr double kLeft = 54.0;
constexpr double kRight = 16.0;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

/// One pair of axes: weeks first .. last - 1 from left to right, ppm from bottom to top.
struct Panel {
  std::size_t first;
  std::size_t last;
  double top;
  double height;
  double low;
  double high;

  double x(std::size_t week) const {
    return kLeft +
           (kWidth - kLeft - kRight) * static_cast<double>(week - first) / static_cast<double>(last - first - 1);
  }
  double y(double ppm) const { return top + height * (high - ppm) / (high - low); }
};

// The panel of the weeks from one date up to another.
Panel panel_of(const Record& record, const char* from, const char* to, double top, double height) {
  const auto week_of = [&](const std::string& date) {
    return std::lower_bound(record.dates.begin(), record.dates.end(), date) - record.dates.begin();
  };
  const std::ptrdiff_t first = week_of(from);
  const std::ptrdiff_t last = week_of(to);
  const auto [low, high] = std::minmax_element(record.last.begin() + first, record.last.begin() + last);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last), top, height,
          std::floor(*low) - 1.0,          std::ceil(*high) + 1.0};
}

std::string text_at(double x, double y, const std::string& attributes, const std::string& content) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + attributes + ">" + content + "</text>\n";
}

// Grid lines at round ppm, and the years along the bottom.
std::string axes(const Record& record, const Panel& panel, double ppm_step, int year_step) {
  std::string svg;
  for (int line = static_cast<int>(std::ceil(panel.low / ppm_step)); line * ppm_step <= panel.high; ++line) {
    const double ppm = line * ppm_step;
    svg += "<line class=\"grid\" x1=\"" + number(kLeft) + "\" x2=\"" + number(kWidth - kRight) + "\" y1=\"" +
           number(panel.y(ppm)) + "\" y2=\"" + number(panel.y(ppm)) + "\"/>\n";
    svg += text_at(kLeft - 8, panel.y(ppm) + 4, "text-anchor=\"end\"", std::to_string(static_cast<int>(ppm)));
  }
  for (std::size_t week = panel.first + 1; week < panel.last; ++week) {
    const std::string year = record.dates[week].substr(0, 4);
    if (year == record.dates[week - 1].substr(0, 4) || std::stoi(year) % year_step != 0) continue;
    svg += text_at(panel.x(week), panel.top + panel.height + 16, "text-anchor=\"middle\"", year);
  }
  return svg;
}

// Bands where weeks are missing.
std::string gaps(const Record& record, const Panel& panel) {
  std::string svg;
  const double half = (panel.x(panel.first + 1) - panel.x(panel.first)) / 2.0;
  for (std::size_t week = panel.first; week < panel.last; ++week) {
    if (!std::isnan(record.measured[week])) continue;
    svg += "<rect class=\"gap\" x=\"" + number(panel.x(week) - half) + "\" y=\"" + number(panel.top) + "\" width=\"" +
           number(2.0 * half) + "\" height=\"" + number(panel.height) + "\"/>\n";
  }
  return svg;
}

// A line through the values that are not NaN, broken where one is.
std::string curve(const Panel& panel, const std::vector<double>& values, const std::string& style) {
  std::string path;
  bool broken = true;
  for (std::size_t week = panel.first; week < panel.last; ++week) {
    if (std::isnan(values[week])) {
      broken = true;
      continue;
    }
    path += (broken ? "M" : "L") + number(panel.x(week)) + " " + number(panel.y(values[week]));
    broken = false;
  }
  return "<path class=\"" + style + "\" d=\"" + path + "\"/>\n";
}

constexpr const char* kHead =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 520\" font-family=\"sans-serif\" font-size=\"12\">\n"
    "<style>.grid{stroke:#ddd}.gap{fill:#f4c7a1}.measured{fill:none;stroke:#2b5c8a;stroke-width:1.6}"
    ".forecast{fill:none;stroke:#d1495b;stroke-width:1.2;stroke-dasharray:4 2}text{fill:#333}</style>\n"
    "<rect width=\"860\" height=\"520\" fill=\"white\"/>\n";

}  // namespace

void write_chart(const std::filesystem::path& svg, const Record& record, const std::vector<double>& forecasts) {
  std::vector<double> by_week{std::nan("")};  // the forecast for each week, made one week before
  by_week.insert(by_week.end(), forecasts.begin(), forecasts.end() - 1);
  const Panel whole = panel_of(record, "1958", "2002", 34.0, 190.0);
  const Panel detail = panel_of(record, "1983-06", "1986", 280.0, 205.0);
  std::ofstream file(svg);
  file << kHead << text_at(kLeft, 22, "font-weight=\"bold\"", "CO2 at Mauna Loa, ppm, 1958-2001; missing weeks shaded")
       << gaps(record, whole) << axes(record, whole, 10.0, 5) << curve(whole, record.measured, "measured")
       << text_at(kLeft, 268, "font-weight=\"bold\"",
                  "Two gaps close by: measured (solid), forecast of the week before (dashed)")
       << gaps(record, detail) << axes(record, detail, 2.0, 1) << curve(detail, record.measured, "measured")
       << curve(detail, by_week, "forecast") << "</svg>\n";
  if (!file.flush()) throw std::runtime_error("cannot write " + svg.string());
}

}  // namespace co2
