/// What rondo_micro measures, group by group.
#pragma once

#include "micro/workbench.h"

namespace rondo::bench {

/// The highest clock of the multiprocessors; 0 where the device does not tell.
double clock_gigahertz(Device device);

/// Keeps the device busy for half a second: one that idles has lowered its clocks.
void warm_up(Workbench& bench);

/// A block of its own: its barrier, a sum over its warps, shuffles, a chain of multiplications.
void measure_block(Workbench& bench);
/// The tensor cores with operands in registers.
void measure_products(Workbench& bench);
/// Blocks of a cluster write into each other's shared memory.
void measure_cluster_exchange(Workbench& bench);
/// Blocks of the grid exchange words through L2.
void measure_grid_exchange(Workbench& bench);
/// The grid's barrier of cooperative groups.
void measure_grid_sync(Workbench& bench);
/// The same bytes from L2 to every multiprocessor: by multicast, by bulk copies, by loads.
void measure_broadcast(Workbench& bench);

}  // namespace rondo::bench
