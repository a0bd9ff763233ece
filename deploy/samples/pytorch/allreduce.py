"""One rank of the all-reduce PyTorchJob: MASTER_ADDR, MASTER_PORT, RANK and WORLD_SIZE come from the job."""
import datetime

import torch
import torch.distributed as dist

STEPS = 200


def data_of(rank):
    """Each rank has its own noisy points of y = 3x - 2."""
    source = torch.Generator().manual_seed(rank)
    inputs = torch.rand(256, 1, generator=source) * 2 - 1
    return inputs, 3 * inputs - 2 + 0.1 * torch.randn(256, 1, generator=source)


def average(tensor, world):
    total = tensor.clone()  # all_reduce works in place
    dist.all_reduce(total, op=dist.ReduceOp.SUM)
    return total / world


def main():
    torch.set_num_threads(1)
    dist.init_process_group("gloo", timeout=datetime.timedelta(seconds=120))
    rank, world = dist.get_rank(), dist.get_world_size()
    print(f"rank {rank} of {world} is up", flush=True)
    torch.manual_seed(0)
    model = torch.nn.Linear(1, 1)
    inputs, targets = data_of(rank)
    for step in range(1, STEPS + 1):
        loss = torch.nn.functional.mse_loss(model(inputs), targets)
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.2 * average(parameter.grad, world)
        if step % 50 == 0:
            print(f"step {step:3d}/{STEPS}  loss {average(loss.detach(), world).item():.8f}", flush=True)
    weight, bias = model.weight.item(), model.bias.item()
    print(f"result: rank {rank} loss {average(loss.detach(), world).item():.10f}, y = {weight:.6f}x + {bias:.6f}", flush=True)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
