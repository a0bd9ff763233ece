"""How trainers and the parameter server talk: small framed messages over TCP, one connection per trainer and server.

A trainer says which step's gradient it holds and gets the parameters of the next step once every trainer's gradient is in. A trainer
that (re)starts says it holds none and gets the step the server is at, so a restarted replica goes on where the others are.
"""
import socket
import struct
import sys
import threading
import time
from array import array

HEADER = struct.Struct("!4siidi")  # what, trainer, step, loss, how many doubles follow
CONNECT_SECONDS = 60
STEP_SECONDS = 120
FAREWELL_SECONDS = 5


def send(connection, what, trainer, step, loss=0.0, values=()):
    connection.sendall(HEADER.pack(what, trainer, step, loss, len(values)) + array("d", values).tobytes())


def receive(connection):
    what, trainer, step, loss, count = HEADER.unpack(read_exactly(connection, HEADER.size))
    values = array("d")
    values.frombytes(read_exactly(connection, count * values.itemsize))
    return what, trainer, step, loss, values.tolist()


def read_exactly(connection, size):
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionError("the other side closed the connection")
        parts += part
    return bytes(parts)


def split_address(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def connect(address):
    """Peers start in any order: tries until one answers, at most CONNECT_SECONDS."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            connection = socket.create_connection(split_address(address), timeout=5)
            connection.settimeout(STEP_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(f"parameter server {address} did not answer for {CONNECT_SECONDS} s: {error}")
            time.sleep(0.1)


def listen(address):
    """On our own address, so that replicas sharing a machine do not collide; everywhere when the name is not ours to bind yet."""
    host, port = split_address(address)
    try:
        return socket.create_server((host, port), backlog=64)
    except OSError:
        return socket.create_server(("", port), backlog=64)


class RemoteParameters:
    """A trainer's view of one parameter server."""

    def __init__(self, address, trainer):
        self.address, self.trainer, self.connection = address, trainer, None

    def exchange(self, step, loss, gradient):
        """Hands in a gradient (step -1: none yet) and returns (step, loss of the step before, parameters)."""
        while True:
            try:
                self.connection = self.connection or connect(self.address)
                send(self.connection, b"GRAD", self.trainer, step, loss, gradient)
                return receive(self.connection)[2:]
            except ConnectionError as error:
                print(f"lost parameter server {self.address} ({error}), connecting again", flush=True)
                self.connection, step, gradient = None, -1, []
            except socket.timeout:
                sys.exit(f"no answer from parameter server {self.address} for {STEP_SECONDS} s: another trainer is missing")

    def stop(self):
        send(self.connection, b"STOP", self.trainer, -1)


class ParameterServer:
    """Holds the parameters; applies a step when all trainers have handed in its gradient."""

    def __init__(self, optimizer, trainers, steps):
        self.optimizer, self.trainers, self.steps = optimizer, trainers, steps
        self.step, self.loss = 0, 0.0
        self.gradients, self.finished = {}, set()
        self.stopped = False
        self.changed = threading.Condition()

    def serve(self, listener):
        """Returns once the chief has said stop and the others have their last parameters."""
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        with self.changed:
            self.changed.wait_for(lambda: self.stopped)
            self.changed.wait_for(lambda: len(self.finished) == self.trainers, timeout=FAREWELL_SECONDS)

    def accept(self, listener):
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        try:
            while True:
                what, trainer, step, loss, gradient = receive(connection)
                if what == b"STOP":
                    self.stop()
                    return
                send(connection, b"PARM", trainer, *self.exchange(trainer, step, loss, gradient))
                self.farewell(trainer)
        except OSError as error:
            if self.step < self.steps:
                print(f"a trainer went away at step {self.step}: {error}", flush=True)

    def exchange(self, trainer, step, loss, gradient):
        with self.changed:
            if step == self.step:
                self.gradients[trainer] = (loss, gradient)
                if len(self.gradients) == self.trainers:
                    self.apply()
            self.changed.wait_for(lambda: self.step != step)
            return self.step, self.loss, list(self.optimizer.parameters)

    def apply(self):
        """Sums in the order of the trainers, never of arrival: floating point addition is not associative."""
        ordered = [self.gradients[trainer] for trainer in sorted(self.gradients)]
        self.optimizer.apply([sum(column) for column in zip(*(gradient for _, gradient in ordered))])
        self.loss = sum(loss for loss, _ in ordered)
        self.gradients = {}
        self.step += 1
        self.changed.notify_all()

    def farewell(self, trainer):
        with self.changed:
            if self.step == self.steps:
                self.finished.add(trainer)
                self.changed.notify_all()

    def stop(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
