/// Rondo's interface in plain C99, for programs in C, Rust, Go and every language that calls C. Link librondo_c.so.
///
/// docs/guide/c.md has a program, a table of all functions, and the rules that hold for all of them:
///
/// - Every function that can fail returns a rondo_status, and rondo_last_error() says why it failed. No exception of
/// C++
///   leaves the library. A function that fails gives nothing to the caller: the handle or text that it would have
///   written is null.
/// - Objects are handles. A handle that was closed, or that is of another kind, is an error. `..._close` frees an
///   object, and does nothing for null. An object lives on while a call uses it.
/// - A struct begins with `struct_size`, which the caller sets to `sizeof` of the struct. Members that it lacks because
///   the caller was compiled against an older Rondo are as if they were zero, and zero stands for the default.
/// - Texts and bytes that a function gives are the caller's: rondo_free frees them. A caller's texts are UTF-8, end
///   with a zero, and are not kept. A `rondo_dl_managed` that a function gives is the caller's: rondo_dl_free frees it.
/// - Different threads may call any function at a time, except for one object that its comment says is for one thread.
///
/// T time steps, B batch rows, I input features, H units: all headers use these letters.
#pragma once

#include "rondo/c/batcher.h"
#include "rondo/c/model.h"
#include "rondo/c/network.h"
#include "rondo/c/plan.h"
#include "rondo/c/pool.h"
#include "rondo/c/session.h"
#include "rondo/c/status.h"
#include "rondo/c/tensor.h"
