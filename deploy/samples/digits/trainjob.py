"""One node of the digits TrainJob. Who it is and where the first node waits stand in PET_*, as torchrun reads them; the first node also holds the parameters."""
import os
import threading

import train
from exchange import RemoteParameters


def main():
    options = train.parse_options()
    rank, nodes = int(os.environ["PET_NODE_RANK"]), int(os.environ["PET_NNODES"])
    head = f"{os.environ['PET_MASTER_ADDR']}:{os.environ['PET_MASTER_PORT']}"
    print(f"node {rank} of {nodes}, parameters at {head}", flush=True)
    server = threading.Thread(target=train.run_server, args=([head], 0, nodes, options))
    if rank == 0:
        server.start()
    train.run_trainer([RemoteParameters(head, rank)], rank, nodes, options)
    if rank == 0:
        server.join()


if __name__ == "__main__":
    main()
