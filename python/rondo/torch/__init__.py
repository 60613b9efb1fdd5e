from ._modules import GRU, LSTM, MGU, RNN
