"""One replica of the digits TFJob. Its role stands in TF_CONFIG, as TensorFlow's own training scripts read it."""
import argparse
import hashlib
import json
import os
import random
import sys
import time
from array import array

import network
from exchange import ParameterServer, RemoteParameters, listen


class Momentum:
    """Stochastic gradient descent with momentum and a decaying rate, on the slice of the parameters one server owns."""

    def __init__(self, parameters, options):
        self.parameters, self.options = parameters, options
        self.velocity = [0.0] * len(parameters)
        self.applied = 0

    def apply(self, gradient):
        rate = self.options.rate * (1 - self.applied / self.options.steps) / self.options.batch
        self.velocity = [0.9 * speed - rate * slope for speed, slope in zip(self.velocity, gradient)]
        self.parameters = [value + speed for value, speed in zip(self.parameters, self.velocity)]
        self.applied += 1


def slice_of(parameters, server, servers):
    size = len(parameters)
    return parameters[server * size // servers:(server + 1) * size // servers]


def batch_of(examples, step, options):
    """The examples of a step, the same in every replica: each pass goes through all of them in a new order."""
    per_pass = len(examples) // options.batch
    order = list(range(len(examples)))
    random.Random(options.seed * 1_000_003 + step // per_pass).shuffle(order)
    start = step % per_pass * options.batch
    return [examples[at] for at in order[start:start + options.batch]]


def train(servers, rank, trainers, options, report):
    """Steps until the servers say the last one is done; returns the final parameters."""
    examples, held_out = network.load_digits(options.seed)
    step, loss, gradient = -1, 0.0, []
    while True:
        answers = [server.exchange(step, loss, slice_of(gradient, at, len(servers))) for at, server in enumerate(servers)]
        if len({answer[0] for answer in answers}) != 1:
            sys.exit("the parameter servers are at different steps: one of them was restarted; start the job again")
        step, last_loss = answers[0][0], answers[0][1]
        parameters = [value for answer in answers for value in answer[2]]
        if step and (step % options.report == 0 or step == options.steps):
            report(step, last_loss / options.batch, parameters, held_out)
        if step >= options.steps:
            return parameters
        gradient, loss = network.gradient(parameters, batch_of(examples, step, options)[rank::trainers])


class LocalParameters:
    """The parameter server of a replica that trains alone."""

    def __init__(self, optimizer):
        self.optimizer, self.step = optimizer, 0

    def exchange(self, step, loss, gradient):
        if step == self.step:
            self.optimizer.apply(gradient)
            self.step += 1
        return self.step, loss, self.optimizer.parameters

    def stop(self):
        pass


def run_trainer(servers, rank, trainers, options):
    started = time.monotonic()

    def report(step, loss, parameters, held_out):
        right = f"  held-out accuracy {network.accuracy(parameters, held_out) / len(held_out):.4f}" if rank == 0 else ""
        print(f"step {step:4d}/{options.steps}  loss {loss:.4f}{right}", flush=True)

    parameters = train(servers, rank, trainers, options, report)
    if rank == 0:
        _, held_out = network.load_digits(options.seed)
        right = network.accuracy(parameters, held_out)
        digest = hashlib.sha256(array("d", parameters).tobytes()).hexdigest()[:16]
        print(f"result: held-out accuracy {right / len(held_out):.4f} ({right} of {len(held_out)}), {options.steps} steps, "
              f"{time.monotonic() - started:.1f} s, parameters {digest}", flush=True)
        for server in servers:
            server.stop()
        if right / len(held_out) < options.accept:
            sys.exit(f"the accuracy is below {options.accept}")


def run_server(addresses, index, trainers, options):
    part = slice_of(network.initial_parameters(options.seed), index, len(addresses))
    listener = listen(addresses[index])
    print(f"parameter server {index} listens on {listener.getsockname()[0]}:{listener.getsockname()[1]}, {len(part)} parameters, {trainers} trainers", flush=True)
    ParameterServer(Momentum(part, options), trainers, options.steps).serve(listener)
    print("training is over", flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", type=int, default=400, help="how many synchronous steps")
    parser.add_argument("--batch", type=int, default=48, help="examples per step, over all trainers")
    parser.add_argument("--rate", type=float, default=0.3, help="learning rate at the start")
    parser.add_argument("--report", type=int, default=50, help="a progress line every so many steps")
    parser.add_argument("--accept", type=float, default=0.95, help="the held-out accuracy below which the chief fails")
    return parser.parse_args()


def main():
    options = parse_options()
    if "TF_CONFIG" not in os.environ:
        run_trainer([LocalParameters(Momentum(network.initial_parameters(options.seed), options))], 0, 1, options)
        return
    config = json.loads(os.environ["TF_CONFIG"])
    cluster, task = config["cluster"], config["task"]
    trainers = [(role, at) for role in ("chief", "master", "worker") for at in range(len(cluster.get(role, [])))]
    servers = cluster.get("ps", [])
    if not servers:
        sys.exit("this job needs at least one PS replica: the trainers exchange their gradients there")
    if task["type"] == "ps":
        run_server(servers, task["index"], len(trainers), options)
    elif (task["type"], task["index"]) in trainers:
        rank = trainers.index((task["type"], task["index"]))
        print(f"trainer {rank} of {len(trainers)}, parameter servers {', '.join(servers)}", flush=True)
        run_trainer([RemoteParameters(address, rank) for address in servers], rank, len(trainers), options)
    else:
        sys.exit(f"this job has no work for a replica of type {task['type']}")


if __name__ == "__main__":
    main()
