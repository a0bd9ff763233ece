"""A classifier with one hidden layer, in plain Python. Parameters and gradients are flat lists, so they travel as they are."""
import csv
import gzip
import math
import random
from operator import mul
from pathlib import Path

PIXELS = 64
HIDDEN = 32
CLASSES = 10
SIZE = HIDDEN * (PIXELS + 1) + CLASSES * (HIDDEN + 1)  # each row carries its bias last


def load_digits(seed):
    """Shuffled by the seed; every fifth digit is held out. Each example is (pixels and a constant 1, digit)."""
    with gzip.open(Path(__file__).with_name("digits.csv.gz"), "rt", newline="") as file:
        rows = [[int(value) for value in row] for row in csv.reader(file)]
    examples = [([pixel / 16 for pixel in row[:PIXELS]] + [1.0], row[PIXELS]) for row in rows]
    random.Random(seed).shuffle(examples)
    return [example for at, example in enumerate(examples) if at % 5], examples[::5]


def initial_parameters(seed):
    source = random.Random(seed)
    hidden = [source.gauss(0, 1 / math.sqrt(PIXELS / 4)) for _ in range(HIDDEN * (PIXELS + 1))]
    return hidden + [source.gauss(0, 1 / math.sqrt(HIDDEN)) for _ in range(CLASSES * (HIDDEN + 1))]


def rows_of(parameters):
    split = HIDDEN * (PIXELS + 1)
    hidden = [parameters[at:at + PIXELS + 1] for at in range(0, split, PIXELS + 1)]
    return hidden, [parameters[at:at + HIDDEN + 1] for at in range(split, SIZE, HIDDEN + 1)]


def forward(hidden, output, pixels):
    activations = [math.tanh(sum(map(mul, row, pixels))) for row in hidden] + [1.0]
    scores = [sum(map(mul, row, activations)) for row in output]
    highest = max(scores)
    exponentials = [math.exp(score - highest) for score in scores]
    total = sum(exponentials)
    return activations, [value / total for value in exponentials]


def add_scaled(total, scale, values):
    return [a + scale * b for a, b in zip(total, values)]


def gradient(parameters, batch):
    """The summed gradient and the summed cross-entropy of a batch."""
    hidden, output = rows_of(parameters)
    columns = list(zip(*output))
    hidden_gradient = [[0.0] * (PIXELS + 1) for _ in range(HIDDEN)]
    output_gradient = [[0.0] * (HIDDEN + 1) for _ in range(CLASSES)]
    loss = 0.0
    for pixels, digit in batch:
        activations, errors = forward(hidden, output, pixels)
        loss -= math.log(max(errors[digit], 1e-300))
        errors[digit] -= 1.0
        for at, error in enumerate(errors):
            output_gradient[at] = add_scaled(output_gradient[at], error, activations)
        for at in range(HIDDEN):
            slope = sum(map(mul, columns[at], errors)) * (1.0 - activations[at] ** 2)
            hidden_gradient[at] = add_scaled(hidden_gradient[at], slope, pixels)
    return [value for row in hidden_gradient + output_gradient for value in row], loss


def accuracy(parameters, examples):
    """How many of the examples are recognised."""
    hidden, output = rows_of(parameters)
    right = 0
    for pixels, digit in examples:
        _, probabilities = forward(hidden, output, pixels)
        right += probabilities.index(max(probabilities)) == digit
    return right
