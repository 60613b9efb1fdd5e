"""What the products of a contest are computed in, and who takes part in each mode."""

import dataclasses

FORWARD_TRAINING = " forward_training"  # is appended to the names of libraries that run the operation of training


@dataclasses.dataclass(frozen=True)
class Mode:
    """`variant` is that of the Rondo that is compared, and `beside` has further runs of Rondo: {what follows its name: variant}.
    `peers` is the precision of the other libraries, and `of_gru` of those that have no GRU of it. A run is wrong whose y has more
    than `most_error`: an order of magnitude more than the libraries have, and far less than a mistake gives."""
    most_error: float
    variant: str
    peers: str
    beside: dict = dataclasses.field(default_factory=dict)
    of_gru: str = ""


STRICT = " f32"
MODES = {"f32": Mode(1e-5, "", "f32"),
         "bf16x3": Mode(1e-4, "math_bf16x3", "f32", {STRICT: ""}),
         "bf16": Mode(3e-2, "bf16", "bf16", {" math_bf16": "math_bf16", STRICT: ""}),
         "int8": Mode(8e-2, "math_int8", "int8", {STRICT: ""}, of_gru="bf16")}


def competitors_of(peers, mode, cell):
    """{name: (library, variant)} of all that are compared with one another at points of the cell, Rondo first."""
    rondo, *others = peers
    competitors = {rondo.name: (rondo, mode.variant)}
    for peer in others:
        has = peer.precisions(cell)
        if mode.peers in has:
            competitors[peer.name] = (peer, "" if mode.peers == "f32" else mode.peers)
            if mode.peers == "f32" and peer.has_forward_training:
                competitors[peer.name + FORWARD_TRAINING] = (peer, "forward_training")
        elif cell == "gru" and mode.of_gru in has:
            competitors[f"{peer.name} {mode.of_gru}"] = (peer, mode.of_gru)
    return competitors


def beside_of(rondo, mode):
    """{name: (Rondo, variant)} of its further runs in each round."""
    return {rondo.name + suffix: (rondo, variant) for suffix, variant in mode.beside.items()}


def training_competitors_of(peers):
    return {peer.name: (peer, "train") for peer in peers}
