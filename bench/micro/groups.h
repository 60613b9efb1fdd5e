/// The groups of measurements of rondo_micro.
#pragma once

#include "micro/workbench.h"

namespace rondo::bench {

/// The highest clock of the multiprocessors, in GHz; 0 where the device does not report one.
double clock_gigahertz(Device device);

/// Keeps the device busy for half a second, because an idle device has lowered its clocks.
void warm_up(Workbench& bench);

/// Work of one block: its barrier, a sum over its warps, shuffles, a chain of multiplications.
void measure_block(Workbench& bench);
/// Products of the tensor cores with operands in registers.
void measure_products(Workbench& bench);
/// Exchanges in which blocks of a cluster write into each other's shared memory.
void measure_cluster_exchange(Workbench& bench);
/// Exchanges of words between blocks of the grid through L2.
void measure_grid_exchange(Workbench& bench);
/// The barrier of the grid that cooperative groups offer.
void measure_grid_sync(Workbench& bench);
/// Broadcasts from L2 to every multiprocessor: by multicast, by bulk copies, by loads.
void measure_broadcast(Workbench& bench);

}  // namespace rondo::bench
