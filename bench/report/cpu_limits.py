"""How fast the products of a point of the contest on the CPU could be on the machine that ran it."""


def mode_of(record):
    return record.get("mode", "f32")


def has_limits(record):
    """The limits are those of the mode's products, and not of f32 in place of them, as in records of low precision that are older
    than such limits, and where the machine's fastest instruction was not known."""
    return record["limits"].get("math", "f32") == mode_of(record)


def limit_seconds(record, point):
    """A lower bound of the time of the products on this machine. The product of the inputs takes the longer of its
    operations and one reading of its kernel; the recurrent product, of its operations and a reading in every step."""
    limits = record["limits"]
    weights = point["recurrent_bytes"] * limits.get("weight_bytes", 4) // 4  # of f32 in every record
    read = weights / limits["read"][str(weights)]
    of_inputs = point["I"] / (point["I"] + point["H"])
    operations = point["flops"] / limits["product"]
    inputs = max(of_inputs * operations, point["I"] / point["H"] * read)
    return inputs + max((1 - of_inputs) * operations, point["T"] * read)


def share_of_limit(record, point):
    """The limit over Rondo's time."""
    return limit_seconds(record, point) / point["seconds"][record["peers"][0]]["median"]


def ratio_at_limit(record, point):
    """The best peer's time over the limit, a ratio that no implementation can exceed."""
    return point["seconds"][point["best"]]["median"] / limit_seconds(record, point)
