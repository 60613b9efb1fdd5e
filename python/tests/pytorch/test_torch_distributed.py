"""DistributedDataParallel over gloo, in two processes."""

import pytest
import torch
import torch.distributed
import torch.multiprocessing

import rondo.torch

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no torch.distributed")]


def batch():
    torch.manual_seed(5)
    return torch.randn(6, 4, 3), torch.randn(6, 4, 5)


def steps(module, run, x, target, count=2):
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    for _ in range(count):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(run(x)[0], target).backward()
        optimizer.step()


def new_module():
    torch.manual_seed(6)
    return rondo.torch.LSTM(3, 5, 2)


def work(rank, file, queue):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    module, (x, target) = new_module(), batch()
    parallel = torch.nn.parallel.DistributedDataParallel(module)
    rows = slice(2 * rank, 2 * rank + 2)
    steps(module, parallel, x[:, rows], target[:, rows])
    queue.put((rank, [parameter.detach().tolist() for parameter in module.parameters()]))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def test_two_processes_are_one_with_the_whole_batch(tmp_path):
    context = torch.multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=work, args=(rank, tmp_path / "meeting", queue)) for rank in range(2)]
    for process in processes:
        process.start()
    found = dict(queue.get(timeout=300) for _ in processes)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    module, (x, target) = new_module(), batch()
    steps(module, module, x, target)
    for rank in found:
        for one, other in zip(found[rank], module.parameters()):
            torch.testing.assert_close(torch.tensor(one), other.detach())
