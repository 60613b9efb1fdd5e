"""tf.compat.v1.nn's recurrent functions, which compute at once: there is no graph.

What graphs alone could do has no effect here: `scope`, and of cells `name`, `reuse` and `trainable`. Cells own their
weights, as NumPy arrays, from their first call or their `build` on.
"""

from . import rnn_cell
from ._dynamic import bidirectional_dynamic_rnn, dynamic_rnn
from ._raw import TensorArray, raw_rnn

__all__ = ["TensorArray", "bidirectional_dynamic_rnn", "dynamic_rnn", "raw_rnn", "rnn_cell"]
