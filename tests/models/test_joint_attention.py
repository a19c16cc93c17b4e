from functools import partial

import pytest
import torch
from torch import nn

from passerby.losses.batch_hard_triplet import batch_hard_triplet
from passerby.losses.circle_softmax import circle_softmax
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.joint_attention import JointAttention
from passerby.types import Batch

KINDS = ["cbam", "cbam_bn", "se", "eca", "non_local", "danet", "none"]
BASIC = partial(backbone, name="resnet18", layers=(1, 2, 3, 1), channels=(64, 64, 64, 80), last_stride=1)
BOTTLENECK = partial(backbone, name="resnet50", layers=(1, 2, 3, 1), channels=(16, 16, 16, 16), last_stride=1)


def parameters(model):
    return sum(weight.numel() for weight in model.parameters())


def resnet50(**options):
    with torch.device("meta"):
        return JointAttention(partial(backbone, name="resnet50", last_stride=1), num_classes=751, **options)


def wake(model):
    """Give weight to what starts at zero, so that there is something to see."""
    for weight in model.parameters():
        if not weight.any():
            nn.init.normal_(weight, mean=0.5, std=0.1)
    return model


def test_it_has_the_papers_number_of_parameters():
    model = resnet50()
    assert parameters(model) == 27_566_688
    parts = {"channel": 0, "spatial": 0}
    for name, weight in model.named_parameters():
        for part in parts:
            parts[part] += weight.numel() * (f".se.{part}." in name)
    assert parts == {"channel": 2_514_944, "spatial": 98 * 16}


def test_the_other_kinds_of_attention_have_their_numbers_of_parameters():
    plain = 23_508_032 + 2 * 2048 + 751 * 2048
    blocks = {256: 3, 512: 4, 1024: 6, 2048: 3}
    assert parameters(resnet50(attention="none")) == plain
    assert parameters(resnet50(attention="se")) == plain + sum(n * c * c // 8 for c, n in blocks.items())
    assert parameters(resnet50(attention="eca")) == plain + 3 * 5 + 4 * 5 + 6 * 5 + 3 * 7
    inner = {c: 4 * c * c // 2 + 3 * c // 2 + c + 2 * c for c in (512, 1024)}
    assert parameters(resnet50(attention="non_local")) == plain + 2 * inner[512] + 3 * inner[1024]
    assert parameters(resnet50(attention="danet")) == plain + 2048**2 + 2048 + 2 * (2048 * 256 + 256) + 2


def test_training_gives_a_feature_and_cosines_and_eval_the_embedding_alone():
    model = JointAttention(BOTTLENECK, num_classes=7)
    images = torch.randn(3, 3, 64, 32)
    output = model.train()(images)
    assert [x.shape for x in (output.embedding, *output.features, *output.logits)] == [(3, 64), (3, 64), (3, 7)]
    output = model.eval()(images)
    assert output.features == output.logits == ()
    assert torch.allclose(output.embedding.norm(dim=1), torch.ones(3))


def test_the_cosines_are_those_of_embedding_and_class_weight():
    model = JointAttention(BOTTLENECK, num_classes=5).train()
    output = model(torch.randn(4, 3, 64, 32))
    weights = model.classify.weight / model.classify.weight.norm(dim=1, keepdim=True)
    for row, vector in enumerate(output.embedding):
        for k, weight in enumerate(weights):
            assert float(output.logits[0][row, k].detach()) == pytest.approx(
                float((vector @ weight).detach()), abs=1e-5
            )


def test_the_linear_classifier_gives_scores_of_the_vector_after_the_neck():
    model = JointAttention(BOTTLENECK, classifier="linear", neck_feature="after", num_classes=5).train()
    output = model(torch.randn(4, 3, 64, 32))
    assert torch.allclose(output.logits[0], output.features[0] @ model.classify.weight.T, atol=1e-6)


def test_the_feature_is_the_pooled_vector_before_the_neck_or_the_one_after_it():
    torch.manual_seed(0)
    images, given = torch.randn(4, 3, 64, 32), {}
    for which in ("before", "after"):
        torch.manual_seed(1)
        given[which] = JointAttention(BOTTLENECK, neck_feature=which).train()(images).features[0].detach()
    assert (given["before"] >= 0).all()  # a mean of what a ReLU let through
    spread = given["before"] - given["before"].mean(dim=0)
    spread = spread / (spread.square().mean(dim=0) + 1e-5).sqrt()
    assert torch.allclose(given["after"], spread, atol=1e-4)


def test_without_classes_there_are_no_logits():
    output = JointAttention(BASIC).train()(torch.randn(2, 3, 64, 32))
    assert output.logits == ()
    assert len(output.features) == 1


def test_cosines_keep_their_precision_under_autocast():
    model = JointAttention(BASIC, num_classes=5).train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(torch.randn(4, 3, 64, 32))
    weights = model.classify.weight / model.classify.weight.norm(dim=1, keepdim=True)
    assert output.logits[0].dtype == output.features[0].dtype == torch.float32
    assert torch.allclose(output.logits[0], output.embedding @ weights.T, atol=1e-5)


@pytest.mark.parametrize("pool", ["average", "gem", "max"])
@pytest.mark.parametrize("attention", KINDS)
def test_a_picture_embeds_the_same_alone_and_in_a_batch(attention, pool):
    torch.manual_seed(0)
    model = wake(JointAttention(BASIC, attention=attention, pool=pool)).eval()
    images = torch.randn(4, 3, 64, 32)
    with torch.inference_mode():
        together = model(images).embedding
        alone = torch.cat([model(image.unsqueeze(0)).embedding for image in images])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("attention", KINDS)
@pytest.mark.parametrize("network", [BASIC, BOTTLENECK], ids=["basic", "bottleneck"])
@pytest.mark.parametrize("place", ["pre_add", "post_block"])
def test_every_trained_weight_gets_a_gradient_in_one_step(attention, network, place):
    torch.manual_seed(2)
    place = None if attention in ("danet", "none") else place
    model = JointAttention(
        partial(network, zero_init_last=False), attention=attention, place=place, pool="gem", num_classes=4
    )
    batch = Batch(torch.randn(8, 3, 64, 32), torch.tensor([0, 0, 1, 1, 2, 2, 3, 3]), torch.zeros(8, dtype=torch.int64))
    output = wake(model).train()(batch.images)
    (circle_softmax(output, batch) + batch_hard_triplet(output, batch, margin=5.0)).backward()
    for name, weight in model.named_parameters():
        if name == "neck.bias":
            assert not weight.requires_grad
        else:
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


def test_both_classifiers_learn_a_batch():
    torch.manual_seed(0)
    batch = Batch(torch.randn(8, 3, 64, 32), torch.tensor([0, 0, 1, 1, 2, 2, 3, 3]), torch.zeros(8, dtype=torch.int64))
    for classifier, loss in (("linear", identity), ("cosine", circle_softmax)):
        torch.manual_seed(0)
        model = JointAttention(BASIC, classifier=classifier, num_classes=4).train()
        optimiser = torch.optim.Adam(model.parameters(), lr=0.003)
        values = []
        for _ in range(12):
            optimiser.zero_grad()
            value = loss(model(batch.images), batch)
            value.backward()
            optimiser.step()
            values.append(float(value.detach()))
        assert values[-1] < values[0] / 2


def test_attention_stands_in_every_block_before_the_addition_or_after_the_block():
    before = JointAttention(BOTTLENECK)
    after = JointAttention(BOTTLENECK, place="post_block")
    for number in (1, 2, 3, 4):
        for block in before.backbone.get_submodule(f"layer{number}"):
            assert type(block.se).__name__ == "CBAM"
        for block in after.backbone.get_submodule(f"layer{number}"):
            assert type(block[1]).__name__ == "CBAM"
    assert parameters(before) == parameters(after)


def test_attention_can_be_kept_to_some_stages_or_to_some_of_their_blocks():
    def seen(**options):
        model = JointAttention(BOTTLENECK, attention="se", **options)
        return [
            (number, index)
            for number in (1, 2, 3, 4)
            for index, block in enumerate(model.backbone.get_submodule(f"layer{number}"))
            if block.se is not None
        ]

    assert seen(attention_stages=(1, 3)) == [(1, 0), (3, 0), (3, 1), (3, 2)]
    assert seen(attention_stages={3: 2, 2: None}) == [(2, 0), (2, 1), (3, 1), (3, 2)]


def test_non_local_attention_follows_the_last_two_and_three_blocks_of_stages_two_and_three():
    model = JointAttention(partial(BASIC, layers=(1, 3, 4, 1)), attention="non_local")
    followed = [
        [isinstance(block, nn.Sequential) for block in model.backbone.get_submodule(f"layer{number}")]
        for number in (1, 2, 3, 4)
    ]
    assert followed == [[False], [False, True, True], [False, True, True, True], [False]]


def test_the_backbone_is_asked_for_pretrained_weights_only_if_they_are_wanted(tmp_path):
    asked = []

    def network(**options):
        asked.append(options)
        return BASIC()

    JointAttention(network)
    JointAttention(network, pretrained=tmp_path)
    assert asked == [{}, {"pretrained": tmp_path}]


def test_weights_set_by_a_formula_give_the_stored_embedding():
    model = JointAttention(BOTTLENECK, num_classes=3)
    with torch.no_grad():
        for number, weight in enumerate(model.parameters()):
            values = torch.sin(torch.arange(weight.numel(), dtype=torch.float64).square() * 0.7 + number)
            fan = weight[0].numel() if weight.ndim > 1 else 1
            weight.copy_((values * (2 / fan) ** 0.5 if weight.ndim > 1 else 1 + 0.1 * values).reshape(weight.shape))
    places = torch.arange(3 * 64 * 32, dtype=torch.float64).reshape(3, 64, 32)
    images = torch.stack([torch.cos(places * 0.013), torch.sin(places * 1.7).abs()]).float()
    with torch.inference_mode():
        embedding = model.eval()(images).embedding
    stored = [
        [0.28719, 0.13957, 0.18383, 0.39519, 0.03715, 0.08284],
        [0.26492, 0.15339, 0.18812, 0.40382, 0.03820, 0.06396],
    ]
    assert embedding[:, :6].tolist() == [pytest.approx(row, abs=2e-4) for row in stored]


def test_wrong_choices_are_refused():
    for options, message in (
        ({"attention": "self"}, "attention is 'self'"),
        ({"place": "middle"}, "place is 'middle'"),
        ({"pool": "median"}, "pool is 'median'"),
        ({"classifier": "circle"}, "classifier is 'circle'"),
        ({"neck_feature": "both"}, "neck_feature is 'both'"),
        ({"attention_stages": (1, 5)}, "no stage 5"),
        ({"attention_stages": (2, 2)}, "none of them twice"),
        ({"attention_stages": ()}, "one or more"),
        ({"attention_stages": {2: 3}}, "Stage 2 has 2 blocks"),
        ({"attention": "danet", "attention_stages": (1,)}, "'danet', which sits in no block"),
        ({"attention": "none", "place": "pre_add"}, "'none', which sits in no block"),
    ):
        with pytest.raises(ValueError, match=message):
            JointAttention(BASIC, **options)


def test_a_backbone_without_residual_stages_is_refused_unless_no_block_needs_attention():
    mobile = partial(backbone, name="mobilenetv2_035")
    with pytest.raises(ValueError, match="not of the ResNet family"):
        JointAttention(mobile)
    for attention in ("danet", "none"):
        model = JointAttention(mobile, attention=attention).eval()
        assert model(torch.randn(1, 3, 64, 32)).embedding.shape == (1, 1280)
