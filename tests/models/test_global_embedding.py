from functools import partial

import pytest
import safetensors.torch
import torch

import formula
from passerby.models.backbone import backbone
from passerby.models.global_embedding import GlobalEmbedding

small = partial(backbone, name="resnet18", layers=(1, 1, 1, 1), channels=(8, 16, 24, 32))


def test_done_right_has_the_papers_number_of_parameters():
    with torch.device("meta"):
        model = GlobalEmbedding(partial(backbone, name="resnet101"), num_classes=751, classifier="none")
    assert sum(p.numel() for p in model.parameters()) == 46_696_512


def test_training_gives_features_and_logits_and_eval_the_embedding_alone():
    model = GlobalEmbedding(small, dim=20, num_classes=7)
    images = torch.randn(3, 3, 64, 32)
    output = model.train()(images)
    assert [x.shape for x in output.features + output.logits] == [(3, 20), (3, 7)]
    output = model.eval()(images)
    assert output.features == output.logits == ()
    assert torch.allclose(output.embedding.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize("pool", ["max", "average", "gem"])
@pytest.mark.parametrize("neck", [False, True])
def test_a_picture_embeds_the_same_alone_and_in_a_batch(pool, neck):
    model = GlobalEmbedding(small, dim=20, pool=pool, neck=neck).eval()
    images = torch.randn(5, 3, 64, 32)
    with torch.inference_mode():
        together = model(images).embedding
        alone = torch.cat([model(image.unsqueeze(0)).embedding for image in images])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("neck", [False, True])
def test_every_trained_weight_gets_a_gradient_in_one_step(neck):
    started = partial(small, zero_init_last=False)  # timm starts each residual branch at zero, without a gradient
    model = GlobalEmbedding(started, dim=20, pool="gem", num_classes=4, neck=neck).train()
    output = model(torch.randn(6, 3, 64, 32))
    (output.logits[0].square().sum() + output.embedding[:, 0].sum()).backward()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


def test_pictures_of_any_size_embed_alike():
    model = GlobalEmbedding(small, dim=20).eval()
    assert model(torch.randn(1, 3, 96, 70)).embedding.shape == (1, 20)


def test_pretrained_weights_reach_the_backbone(tmp_path):
    file = tmp_path / "w.safetensors"
    safetensors.torch.save_file(small().state_dict(), file)
    tensors = safetensors.torch.load_file(file)
    model = GlobalEmbedding(small, dim=20, pretrained=file)
    assert all(torch.equal(value, tensors[name]) for name, value in model.backbone.state_dict().items())


def test_the_golden_numbers_stand():
    model = formula.weights(GlobalEmbedding(small, dim=20)).eval()
    with torch.inference_mode():
        embedding = model(formula.pictures(2, 104, 52)).embedding
    expected = torch.tensor([-0.644, 0.3517, -0.0695, -0.179, 0.5218])
    assert torch.allclose(embedding[0].unflatten(0, (-1, 4)).sum(dim=1), expected, atol=5e-4)
