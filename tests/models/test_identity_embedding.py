from functools import partial

import pytest
import safetensors.torch
import torch
from torch.nn.functional import normalize

import formula
from passerby.models.backbone import backbone
from passerby.models.identity_embedding import IdentityEmbedding

narrow = partial(backbone, name="resnet18", layers=(1, 1, 1, 3), channels=(8, 16, 32, 64), last_stride=1)
started = partial(narrow, zero_init_last=False)  # timm starts each residual branch at zero, without a gradient


def images(count=3, height=128, width=64):
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(5))


def test_it_adds_to_the_backbone_its_classifier_and_neck_alone():
    def count(**options):
        with torch.device("meta"):
            model = IdentityEmbedding(partial(backbone, name="resnet50"), num_classes=751, **options)
        return sum(p.numel() for p in model.parameters())

    assert count() == 23_508_032 + 2048 * 751 + 751
    assert count(neck=True) == 23_508_032 + 2 * 2048 + 2048 * 751


@pytest.mark.parametrize("neck", [False, True])
def test_training_gives_features_and_logits_and_eval_the_embedding_alone(neck):
    model = IdentityEmbedding(narrow, neck=neck, dropout=0.5, num_classes=7)
    output = model.train()(images())
    assert [x.shape for x in (output.embedding, *output.features, *output.logits)] == [(3, 64), (3, 64), (3, 7)]
    output = model.eval()(images())
    assert output.features == output.logits == ()
    assert torch.allclose(output.embedding.norm(dim=1), torch.ones(3))
    assert IdentityEmbedding(narrow).train()(images()).logits == ()


@pytest.mark.parametrize(("pool", "plain"), [("average", torch.mean), ("max", torch.amax)])
def test_the_descriptor_is_the_pooled_vector_and_the_logits_are_linear_in_it(pool, plain):
    model = formula.weights(IdentityEmbedding(narrow, pool=pool, num_classes=7)).eval()
    with torch.inference_mode():
        pooled = plain(model.backbone(images()), dim=(2, 3))
        assert torch.allclose(model(images()).embedding, normalize(pooled, dim=1), atol=1e-6)
        model.train()
        for module in model.backbone.modules():
            module.eval()
        output = model(images())
        assert torch.allclose(output.features[0], pooled, atol=1e-6)
        assert torch.allclose(output.logits[0], pooled @ model.classify.weight.T + model.classify.bias, atol=1e-4)


def test_with_a_neck_the_feature_is_before_it_and_the_descriptor_after():
    model = formula.weights(IdentityEmbedding(narrow, neck=True, num_classes=7)).train()
    output = model(images())
    feature = output.features[0].detach()
    centred = (feature - feature.mean(dim=0)) / (feature.var(dim=0, unbiased=False) + 1e-5).sqrt()
    necked = (centred * model.neck.weight + model.neck.bias).detach()
    assert torch.allclose(output.embedding.detach(), normalize(necked, dim=1), atol=1e-4)
    assert torch.allclose(output.logits[0], necked @ model.classify.weight.T, atol=1e-4)


def test_dropout_touches_the_classifier_alone():
    torch.manual_seed(0)
    model = formula.weights(IdentityEmbedding(narrow, dropout=0.9, num_classes=7)).train()
    one, other = model(images()), model(images())
    assert torch.equal(one.embedding, other.embedding)
    assert torch.equal(one.features[0], other.features[0])
    assert not torch.equal(one.logits[0], other.logits[0])


@pytest.mark.parametrize("pool", ["max", "average", "gem"])
@pytest.mark.parametrize("neck", [False, True])
def test_a_picture_embeds_the_same_alone_and_in_a_batch(pool, neck):
    model = IdentityEmbedding(narrow, pool=pool, neck=neck).eval()
    with torch.inference_mode():
        together = model(images(5)).embedding
        alone = torch.cat([model(image.unsqueeze(0)).embedding for image in images(5)])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("neck", [False, True])
def test_every_trained_weight_gets_a_gradient_in_one_step(neck):
    torch.manual_seed(0)
    model = IdentityEmbedding(started, pool="gem", neck=neck, num_classes=4).train()
    model(images(6)).logits[0].square().sum().backward()
    frozen = [name for name, weight in model.named_parameters() if not weight.requires_grad]
    assert frozen == (["neck.bias"] if neck else [])
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


def test_pretrained_weights_reach_the_backbone(tmp_path):
    file = tmp_path / "w.safetensors"
    safetensors.torch.save_file(narrow().state_dict(), file)
    tensors = safetensors.torch.load_file(file)
    model = IdentityEmbedding(narrow, pretrained=file)
    assert all(torch.equal(value, tensors[name]) for name, value in model.backbone.state_dict().items())


def test_the_golden_numbers_stand():
    model = formula.weights(IdentityEmbedding(narrow, neck=True, num_classes=3)).eval()
    with torch.inference_mode():
        embedding = model(formula.pictures(2, 128, 64)).embedding
    expected = torch.tensor(
        [
            0.5094,
            0.2093,
            0.0666,
            0.5137,
            0.6984,
            -0.0893,
            0.207,
            0.6262,
            0.2891,
            -0.0008,
            0.2574,
            0.7114,
            0.3236,
            -0.0652,
            0.5639,
            0.6358,
        ]
    )
    assert torch.allclose(embedding[0].unflatten(0, (-1, 4)).sum(dim=1), expected, atol=5e-4)


def test_other_pools_and_dropouts_are_refused():
    with pytest.raises(ValueError, match="pool is 'median'"):
        IdentityEmbedding(narrow, pool="median")
    with pytest.raises(ValueError, match="dropout is 1"):
        IdentityEmbedding(narrow, dropout=1.0)
