/// A model that reads one time step a line.
#pragma once

#include "runnable.h"

namespace rondo::program {

/// Reads lines of standard input until its end. A line has B I numbers: separated by commas, or a JSON list (of lists);
/// the first line says B. Prints a line of the same form for each, at once. Throws `ValueError` naming the line.
void run_stream(const ModelChoice& choice);

}  // namespace rondo::program
