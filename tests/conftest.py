import torch

# Networks in tests are tiny: a second thread costs more than it brings, above all where the cores are shared.
torch.set_num_threads(1)
