"""People with a centre each, seen by cameras that shift them: vectors for tests of what asks for neighbours."""

import torch


def clustered(total, people, *, dim=32, spread=1.0, cameras=4, shift=0.5, seed=0):
    """Vectors (N, D), pids and camids (N,)."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(people, dim, generator=generator)
    views = torch.randn(cameras, dim, generator=generator)
    pids = torch.randint(0, people, (total,), generator=generator)
    camids = torch.randint(0, cameras, (total,), generator=generator)
    noise = torch.randn(total, dim, generator=generator)
    return centres[pids] + spread * noise + shift * views[camids], pids + 1, camids
