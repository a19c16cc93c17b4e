from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn.functional import normalize

from passerby.datasets import attributes
from passerby.models.attribute_heads import (
    DUKE_BINARY_HEADS,
    DUKE_HEADS,
    MARKET_BINARY_HEADS,
    MARKET_HEADS,
    Head,
    other_colour,
)
from passerby.models.backbone import backbone
from passerby.models.midlevel_attributes import MidlevelAttributes
from passerby.types import Crop, PersonSet

small = partial(backbone, name="resnet18", layers=(1, 1, 1, 2), channels=(8, 16, 32, 64))
started = partial(small, zero_init_last=False)  # timm starts each residual branch at zero, without a gradient
Small = partial(MidlevelAttributes, small, heads=MARKET_HEADS, parts=4, part_channels=8)
LEVELS = ("res3d", "res4f", "res5c")


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def paper(**options):
    with torch.device("meta"):
        return MidlevelAttributes(partial(backbone, name="resnet50"), num_classes=751, **options)


def pictures(n):
    return torch.randn(n, 3, 128, 64, generator=torch.Generator().manual_seed(n))


def test_it_has_the_papers_number_of_parameters():
    model = paper(heads=MARKET_HEADS)
    assert parameters(model.attributes) == 44_071
    assert parameters(model) == 41_926_725
    assert parameters(model.part_stage) == 14_964_736
    assert parameters(paper(heads=MARKET_HEADS, attribute_level=None)) == 41_926_725 - 44_071


@pytest.mark.parametrize(("descriptor", "length"), [("global", 2048), ("local", 1792), ("fused", 3840)])
def test_the_descriptors_have_the_papers_lengths_at_224(descriptor, length):
    model = paper(heads=MARKET_HEADS, descriptor=descriptor).eval()
    assert model(torch.zeros(2, 3, 224, 224, device="meta")).embedding.shape == (2, length)


@pytest.mark.parametrize(("heads", "single", "each"), [(MARKET_HEADS, 12, 26), (DUKE_HEADS, 10, 19)])
def test_there_is_one_classifier_for_each_attribute_or_for_each_of_its_bands(heads, single, each):
    def classifiers(merge):
        model = Small(heads=heads, merge=merge)
        return sum(isinstance(module, torch.nn.Linear) for module in model.attributes.modules())

    assert (classifiers("concat"), classifiers("mean_logits"), classifiers("per_part")) == (single, each, each)


def test_training_gives_logits_features_and_attributes_and_eval_the_embedding_and_attributes():
    model = Small(num_classes=7).train()
    output = model(pictures(3))
    assert [x.shape for x in output.logits] == [(3, 7), (3, 7)]
    assert [x.shape for x in output.features] == [(3, 64), (3, 32)]
    assert {name: scores.shape for name, scores in output.attributes.items()} == {
        name: (3, head.classes) for name, head in MARKET_HEADS.items()
    }
    assert output.embedding.shape == (3, 96)
    output = model.eval()(pictures(3))
    assert (output.features, output.logits) == ((), ())
    assert set(output.attributes) == set(MARKET_HEADS)


@pytest.mark.parametrize("branch", ["global", "local"])
def test_one_branch_alone_has_one_classifier_and_no_second_stage(branch):
    model = Small(branches=branch, num_classes=7).train()
    output = model(pictures(3))
    assert [x.shape for x in output.logits] == [(3, 7)]
    assert output.embedding.shape == (3, {"global": 64, "local": 32}[branch])
    assert model.part_stage is None
    assert (model.part is None) == (branch == "global")


def test_the_fused_descriptor_is_each_branch_at_length_1_the_global_one_first():
    model = Small().eval()
    with torch.inference_mode():
        shared = model.backbone.layer3(
            model.backbone.layer2(model.backbone.layer1(model.backbone.maxpool(model.backbone.act1(
                model.backbone.bn1(model.backbone.conv1(pictures(2))))))))  # fmt: skip
        globally = model.backbone.layer4(shared).mean(dim=(2, 3))
        conv = model.part.reduce[0]
        reduced = torch.einsum("kc,bchw->bkhw", conv.weight[:, :, 0, 0], model.part_stage(shared))
        reduced = (reduced + conv.bias[None, :, None, None]).clamp(min=0)
        locally = torch.stack([reduced[b, :, row].mean(dim=1) for b in range(2) for row in range(4)]).reshape(2, 32)
        expected = {
            "fused": torch.cat([normalize(globally), normalize(locally)], dim=1),
            "global": normalize(globally),
            "local": normalize(locally),
        }
        for descriptor, vector in expected.items():
            model.descriptor = descriptor
            assert torch.allclose(model(pictures(2)).embedding, vector, atol=1e-6)


@pytest.mark.parametrize("merge", ["concat", "mean_logits", "per_part"])
def test_attribute_scores_come_from_the_maxima_of_the_attributes_bands(merge):
    model = Small(merge=merge).train()
    seen = {}
    model.backbone.layer2.register_forward_hook(lambda module, given, made: seen.update(map=made))
    scores = model(pictures(2)).attributes
    assert seen["map"].shape == (2, 16, 16, 8)
    bands = [seen["map"][:, :, 4 * i : 4 * i + 4].amax(dim=(2, 3)) for i in range(4)]
    for name, head in MARKET_HEADS.items():
        layers = model.attributes.heads[name].classify
        shown = [bands[band - 1] for band in head.bands]
        if merge == "concat":
            expected = layers[0](torch.cat(shown, dim=1))
        else:
            each = [layer(band) for layer, band in zip(layers, shown, strict=True)]
            expected = sum(each) / len(each) if merge == "mean_logits" else torch.stack(each, dim=1)
        assert torch.allclose(scores[name], expected, atol=1e-6), name


def test_an_attribute_does_not_see_the_bands_that_do_not_show_it():
    model = MidlevelAttributes(small, heads={"hat": Head(2, (1,)), "shoe_type": Head(2, (4,))}, parts=4).train()
    scores = model(pictures(1)).attributes
    pooled = torch.randn(1, 16, 4)
    changed = pooled.clone()
    changed[:, :, 3] += 1
    heads = model.attributes.heads
    assert torch.equal(heads["hat"](pooled), heads["hat"](changed))
    assert not torch.equal(heads["shoe_type"](pooled), heads["shoe_type"](changed))
    assert list(scores) == ["hat", "shoe_type"]


@pytest.mark.parametrize("level", LEVELS)
def test_the_attributes_are_seen_at_their_level(level):
    model = Small(attribute_level=level).train()
    width = {"res3d": 16, "res4f": 32, "res5c": 64}[level]
    assert model.attributes.heads["hat"].classify[0].in_features == width
    assert len(model(pictures(2)).attributes) == 12


def test_without_a_level_there_are_no_attribute_heads():
    model = Small(attribute_level=None, num_classes=3).train()
    output = model(pictures(2))
    assert not output.attributes
    assert len(output.logits) == 2


@pytest.mark.parametrize(("level", "rows"), [("res4f", 14), ("res5c", 7)])
def test_bands_share_a_row_where_the_papers_map_is_not_divisible_and_this_is_asked_for(level, rows):
    images = torch.randn(2, 3, 224, 64)
    with pytest.raises(ValueError, match=f"has {rows} rows, which are no multiple of 4 bands"):
        Small(attribute_level=level, parts=7).train()(images)
    assert len(Small(attribute_level=level, parts=7, overlap=True).train()(images).attributes) == 12


@pytest.mark.parametrize("branches", ["both", "global", "local"])
@pytest.mark.parametrize("level", [None, *LEVELS])
def test_every_weight_gets_a_gradient_in_one_step(branches, level):
    model = MidlevelAttributes(
        started, heads=DUKE_HEADS, attribute_level=level, branches=branches, parts=4, part_bn=True, num_classes=5
    ).train()
    output = model(pictures(6))
    scores = [*output.logits, *output.attributes.values()]
    torch.stack([(x - 1).square().sum() for x in scores]).sum().backward()
    for name, weight in model.named_parameters():
        # a batch norm follows it, which takes its shift away: what is left is rounding
        if weight.requires_grad and name != "part.reduce.0.bias":
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


@pytest.mark.parametrize("branches", ["both", "global", "local"])
def test_a_picture_embeds_the_same_alone_and_in_a_batch(branches):
    model = Small(branches=branches).eval()
    images = pictures(5)
    with torch.inference_mode():
        together = model(images).embedding
        alone = torch.cat([model(image.unsqueeze(0)).embedding for image in images])
    assert torch.allclose(together, alone, atol=1e-5)


def test_the_part_branch_starts_as_a_copy_of_the_pretrained_stage_and_has_weights_of_its_own(tmp_path):
    stored = small().state_dict()
    file = tmp_path / "weights.safetensors"
    save_file(stored, file)
    model = Small(pretrained=file)
    for name, weight in model.part_stage.named_parameters():
        assert torch.equal(weight, stored[f"layer4.{name}"])
        assert weight is not model.backbone.layer4.get_parameter(name)


def test_classifiers_start_small_and_without_bias():
    torch.manual_seed(0)
    model = Small(num_classes=1000)
    for branch in ("global_branch", "local_branch"):
        layer = model.classify[branch]
        assert float(layer.weight.detach().std()) == pytest.approx(0.001, rel=0.05)
        assert not layer.bias.any()


def test_dropout_acts_on_what_the_classifiers_see_and_on_nothing_else():
    model = Small(num_classes=3, dropout=0.9).train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    one, two = model(pictures(2)), model(pictures(2))
    assert torch.equal(one.features[0], two.features[0])
    assert torch.equal(one.attributes["age"], two.attributes["age"])
    assert not torch.equal(one.logits[0], two.logits[0])


def test_the_numbers_stay_as_they_are():
    model = Small(num_classes=3, dropout=0.0)
    with torch.no_grad():
        for place, weight in enumerate(model.parameters()):
            angle = torch.arange(weight.numel(), dtype=torch.float32).reshape(weight.shape) + place
            weight.copy_(angle.sin() * weight[0].numel() ** -0.5 if weight.ndim > 1 else 1 + 0.1 * angle.sin())
        images = torch.arange(2 * 3 * 128 * 64, dtype=torch.float32).reshape(2, 3, 128, 64).mul(0.01).cos()
        embedding = model.eval()(images).embedding
        output = model.train()(images)
    golden = {
        "embedding": (embedding[0, [0, 9, 70, 95]], [0.109628, 0.125063, 0.066747, 0.038454]),
        "global": (output.logits[0][1], [0.326714, 1.017524, 1.688070]),
        "local": (output.logits[1][1], [0.742607, 0.851191, 0.956560]),
        "age": (output.attributes["age"][1], [2.040549, 0.917895, -0.105684, 0.190165]),
    }
    for name, (found, stored) in golden.items():
        assert found.tolist() == pytest.approx(stored, abs=1e-3), name


def test_heads_and_labels_have_the_same_names_and_numbers_of_classes():
    def codes(prefix, colours):
        return {f"{prefix}{colour}": 1 for colour in colours}

    plain = {"gender": 2, "hat": 2, "backpack": 2, "bag": 2, "handbag": 2}
    rows = {
        "market": {
            **plain,
            "age": 4,
            "hair": 2,
            "up": 2,
            "down": 2,
            "clothes": 2,
            **codes("up", attributes.MARKET_UPPER),
            **codes("down", attributes.MARKET_LOWER),
        },
        "duke": {
            **plain,
            "top": 2,
            "boots": 2,
            "shoes": 2,
            **codes("up", attributes.DUKE_UPPER),
            **codes("down", attributes.DUKE_LOWER),
        },
    }
    grouped = {"market": MARKET_HEADS, "duke": DUKE_HEADS}
    binary = {"market": MARKET_BINARY_HEADS, "duke": DUKE_BINARY_HEADS}
    for name, row in rows.items():
        crop = people_set(row)
        # each code is the highest there is, and no colour is set, so that it falls to the class after the named ones
        highest = getattr(attributes, name)(crop, colour_missing="other_class")[3]
        assert list(highest) == list(grouped[name])
        assert highest == {k: head.classes - 1 for k, head in other_colour(grouped[name]).items()}
        split = getattr(attributes, f"{name}_binary")(people_set({k: max(v, 2) for k, v in row.items()}))[3]
        assert list(split) == list(binary[name])
        assert split == {k: head.classes - 1 for k, head in binary[name].items()}
    assert (len(MARKET_HEADS), len(DUKE_HEADS)) == (12, 10)
    assert (len(MARKET_BINARY_HEADS), len(DUKE_BINARY_HEADS)) == (27, 23)


def people_set(row):
    return PersonSet(name="drawn", train=(Crop(Path("a.jpg"), 3),), attributes={3: row})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attribute_level": "res2c"}, "attribute_level is 'res2c'; give one of res3d, res4f, res5c"),
        ({"merge": "sum"}, "merge is 'sum'; give one of concat"),
        ({"branches": "none"}, "branches is 'none'"),
        ({"descriptor": "all"}, "descriptor is 'all'"),
        ({"descriptor": "local", "branches": "global"}, "give fused or global"),
        ({"dropout": 1.0}, r"dropout is 1\.0; give a share in \[0, 1\)"),
        ({"heads": {}}, "heads is empty"),
        ({"bands": 3}, "gender is seen in band 4, but there are 3"),
        ({"bands": 0}, "bands is 0"),
        ({"parts": 0}, "parts is 0"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Small(**options)


def test_a_picture_of_the_wrong_height_is_refused():
    with pytest.raises(ValueError, match="The last map has 5 rows, but parts is 4; give parts=5"):
        Small().eval()(torch.zeros(1, 3, 160, 64))
    with pytest.raises(ValueError, match="has 18 rows, which are no multiple of 4 bands"):
        Small(branches="global").train()(torch.zeros(2, 3, 144, 64))


def test_a_network_without_a_resnets_stages_is_refused():
    with pytest.raises(ValueError, match="not of the ResNet family"):
        MidlevelAttributes(partial(backbone, name="mobilenetv3_small_050"), heads=MARKET_HEADS)


@pytest.mark.parametrize(("classes", "bands"), [(1, (1,)), (2, ()), (2, (0, 1)), (2, (2, 1)), (2, (1, 1))])
def test_a_head_that_cannot_be_is_refused(classes, bands):
    with pytest.raises(ValueError, match=r"classes is 1|bands is"):
        Head(classes, bands)
