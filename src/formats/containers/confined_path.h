/// Paths that a file names for its companions: shards, external data.
#pragma once

#include <filesystem>
#include <string>

namespace rondo {

/// The file `relative` beside `owner`, the file that names it. A file from outside must not make a program read any
/// file it likes: throws `ValueError`, calling the path `where`, for an absolute path, one with `..`, an empty one, and
/// one that leads out of the folder of `owner` by symbolic links. Where `owner` itself is a symbolic link, its
/// companions may be links into the folder that `owner` leads to: so are the models in the cache of Hugging Face.
std::filesystem::path confined_path(const std::filesystem::path& owner, const std::string& relative,
                                    const std::string& where);

}  // namespace rondo
