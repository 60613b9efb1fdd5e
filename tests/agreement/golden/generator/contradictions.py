"""The known places where TensorFlow 2.15 does not do what it documents. No other difference is accepted."""

import numpy as np


def masks(case):
    return [value for name, value in case.tensors.items() if name.rpartition("/")[2] == "mask"]


def steps(case):
    inputs = [value for name, value in case.tensors.items() if "input" in name.split("/")]
    return inputs[0].shape[0 if case.options["time_major"] else 1]


def is_tensor_length(case):
    return "input_length" in case.tensors and not masks(case)


def no_steps(case):
    return steps(case) == 0


def mask_without_states(case):
    return case.api == "backend.rnn" and bool(masks(case)) and "initial_state/0" not in case.tensors


def nested_output_unrolled(case):
    return case.spec.get("function") == "nested_output" and case.options["unroll"]


def integer_length(case):
    length = case.options.get("input_length")
    return length is not None and not masks(case) and length < steps(case)


def length_too_long(case):
    length = case.tensors.get("input_length", case.options.get("input_length"))
    return length is not None and not masks(case) and np.max(length, initial=0) > steps(case)


def length_unrolled(case):
    return is_tensor_length(case) and case.options["unroll"]


def length_int64(case):
    return is_tensor_length(case) and case.tensors["input_length"].dtype == np.int64


def length_backwards(case):
    if not is_tensor_length(case) or not case.options["go_backwards"]:
        return False
    return case.tensors["input_length"].max(initial=0) != steps(case)


def zero_without_sequences(case):
    options = case.options
    zero = options["zero_output_for_mask"] and bool(masks(case))
    return case.api == "layer" and zero and not options["return_sequences"]


def zero_of_images(case):
    options = case.options
    forced = case.api == "bidirectional" and options["return_sequences"]
    kind = case.spec["layer"]["class"] if "layer" in case.spec else case.spec.get("class", "")
    return kind.startswith("ConvLSTM") and bool(masks(case)) and (forced or options["zero_output_for_mask"])


def zero_unrolled_last(case):
    options = case.options
    return (
        case.api == "backend.rnn" and options["unroll"] and options["zero_output_for_mask"]
        and not options["return_all_outputs"] and bool(masks(case))
    )


def zero_unrolled_backwards(case):
    options = case.options
    if case.api == "bidirectional":  # forces zero_output_for_mask, and one of its layers runs backwards
        return options["unroll"] and options["return_sequences"] and bool(masks(case))
    return options["unroll"] and options["zero_output_for_mask"] and options["go_backwards"] and bool(masks(case))


def stateful_explicit(case):
    return case.options.get("stateful", False) and any("/initial_state/" in name for name in case.tensors)


# (applies to the case, what TensorFlow does, what the documentation says), in order of precedence
CONTRADICTIONS = (
    (no_steps, "fails when there are no time steps",
     "outputs has shape (samples, time, ...) and the states are the latest states: nothing excludes time = 0"),
    (mask_without_states, "computes something when a mask is given without states",
     "Raises ValueError: if mask is provided (not None) but states is not provided (len(states) == 0)"),
    (nested_output_unrolled, "fails for a tuple output when unroll is true",
     "unroll: whether to unroll the RNN or to use a symbolic while_loop; it does not change the result"),
    (length_too_long, "takes an input_length above the number of steps as that number",
     "input_length: the length of the input, which has no more steps than that"),
    (integer_length, "ignores input_length when it is an integer",
     "input_length: an integer or a 1-D Tensor; it is used for masking in case there's no mask specified"),
    (length_unrolled, "ignores input_length when unroll is true",
     "input_length: it is used for masking in case there's no mask specified"),
    (length_int64, "raises an error for an int64 tensor as input_length",
     "input_length: an integer or a 1-D Tensor"),
    (length_backwards, "counts a go_backwards input_length from the longest row instead of from the end of the input",
     "input_length: in case of variable length input, it is used for masking: steps past the length are padding"),
    (zero_without_sequences, "uses zero_output_for_mask although return_sequences is false",
     "zero_output_for_mask: only used when return_sequences is True and mask is provided"),
    (zero_of_images, "does not give zero_output_for_mask from a ConvLSTM to its loop",
     "zero_output_for_mask: whether the output should use zeros for the masked timesteps"),
    (zero_unrolled_last, "fails for unroll, zero_output_for_mask and return_all_outputs=False together",
     "outputs: else, a tensor equal to last_output with shape (samples, 1, ...)"),
    (zero_unrolled_backwards, "zeroes outputs by the mask in input order when unroll and go_backwards are true",
     "zero_output_for_mask: if True, the output for masked timestep will be zeros"),
    (stateful_explicit, "ignores an explicit initial_state when the stored states are not zero",
     "initial_state: list of initial state tensors to be passed to the first call of the cell"),
)


def length_not_reversible(case):
    length = case.tensors.get("sequence_length")
    if case.api != "v1.bidirectional_dynamic_rnn" or length is None:
        return False
    return bool(np.any((length < 0) | (length > steps(case))))


def nested_output_backwards(case):
    return case.api == "v1.bidirectional_dynamic_rnn" and case.spec["bw"].get("function") == "nested_output"


V1_CONTRADICTIONS = (
    (length_not_reversible, "tells of a length that cannot be reversed with an error of the running graph",
     "sequence_length: an int32/int64 vector with the actual lengths for each of the sequences in the batch"),
    (nested_output_backwards, "fails for a tuple output of cell_bw",
     "inputs and outputs: a Tensor or a nested tuple of such elements, as in dynamic_rnn"),
)


def explain(case, error):
    """The sentence for a case that differs; raises if the difference is not a known one."""
    known = V1_CONTRADICTIONS if case.api.startswith("v1.") else CONTRADICTIONS
    for applies, behaviour, documentation in known:
        if applies(case):
            raised = f" ({error})" if error else ""
            return f"TensorFlow {behaviour}{raised}. Followed: {documentation}."
    raise AssertionError(f"{case.name}: TensorFlow and the reference differ: {error or 'in numbers'}")
