/// Everything Rondo offers, in one include.
#pragma once

#include "rondo/activation.h"
#include "rondo/allocator.h"
#include "rondo/cells.h"
#include "rondo/device.h"
#include "rondo/dlpack.h"
#include "rondo/dtype.h"
#include "rondo/error.h"
#include "rondo/float16.h"
#include "rondo/layers.h"
#include "rondo/nest.h"
#include "rondo/ops.h"
#include "rondo/plan.h"
#include "rondo/recurrence.h"
#include "rondo/rnn.h"
#include "rondo/shape.h"
#include "rondo/tensor.h"
