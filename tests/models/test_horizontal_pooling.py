import math
from functools import partial

import pytest
import safetensors.torch
import torch
from torch.nn.functional import normalize

import formula
from passerby.models.adaptive_pooling import AdaptivePooling
from passerby.models.backbone import backbone, last_blocks, remove_stride
from passerby.models.horizontal_pooling import LEVEL_SCALES, HorizontalPooling

narrow = partial(backbone, name="resnet18", layers=(1, 1, 1, 3), channels=(8, 16, 32, 64), last_stride=1)
started = partial(narrow, zero_init_last=False)  # timm starts each residual branch at zero, without a gradient
BLOCKS = ("5_1", "5_2", "5_3")
EVERY = dict.fromkeys(BLOCKS, (8, 4, 2, 1))


def images(count=3, height=128, width=64):
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(5))


def test_it_has_the_papers_parameters_and_descriptor():
    with torch.device("meta"):
        model = HorizontalPooling(partial(backbone, name="resnet50", last_stride=1), num_classes=751).eval()
    assert sum(p.numel() for p in model.parameters()) == 34_263_876
    assert sum(p.numel() for name, p in model.named_parameters() if "alpha" in name) == 4
    assert model(torch.empty(2, 3, 384, 128, device="meta")).embedding.shape == (2, 3840)


def test_training_gives_fifteen_features_and_logits_and_eval_the_embedding_alone():
    model = HorizontalPooling(narrow, stripe_dim=20, num_classes=7)
    output = model.train()(images())
    assert [x.shape for x in output.features] == [(3, 20)] * 15
    assert [x.shape for x in output.logits] == [(3, 7)] * 15
    assert output.embedding.shape == (3, 300)
    output = model.eval()(images())
    assert output.features == output.logits == ()
    assert torch.allclose(output.embedding.norm(dim=1), torch.ones(3))
    assert HorizontalPooling(narrow, stripe_dim=20).train()(images()).logits == ()


@pytest.mark.parametrize(
    ("levels", "stripes"),
    [
        (LEVEL_SCALES, (8, 4, 2, 1)),
        ({"5_3": (1,)}, (1,)),
        ({"5_1": (1,), "5_2": (1,), "5_3": (1,)}, (1, 1, 1)),
        ({"5_3": (8, 4, 2, 1)}, (8, 4, 2, 1)),
        ({"5_3": [1, 2], "5_1": [4]}, (1, 2, 4)),
        (EVERY, (8, 4, 2, 1) * 3),
    ],
)
@pytest.mark.parametrize("shared", ["stripe", "scale"])
@pytest.mark.parametrize("bn_relu", [True, False])
def test_each_stripe_is_cut_pooled_and_reduced_as_defined(levels, stripes, shared, bn_relu):
    torch.manual_seed(0)
    model = formula.weights(
        HorizontalPooling(
            narrow, level_scales=levels, stripe_dim=5, reduce_shared=shared, reduce_bn_relu=bn_relu, l2="none"
        )
    ).eval()
    for k, pool in enumerate(model.pool):
        pool.alpha.data.fill_(0.1 + 0.2 * k)
    assert model.stripes == stripes
    with torch.inference_mode():
        maps = last_blocks(model.backbone, images(2))
        expected = []
        scales = [(int(level[2:]), n) for level, counts in levels.items() for n in counts]
        for k, (block, n) in enumerate(scales):
            rows = 8 // n
            for j in range(n):
                stripe = maps[block - 1][:, :, j * rows : (j + 1) * rows]
                alpha = 0.1 + 0.2 * k
                column = alpha * stripe.mean(dim=(2, 3)) + (1 - alpha) * stripe.amax(dim=(2, 3))
                layers = model.reduce[k].each[j if shared == "stripe" else 0]
                vector = column @ layers[0].weight[:, :, 0, 0].T
                if bn_relu:
                    norm = layers[1]
                    vector = (vector - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
                    vector = (vector * norm.weight + norm.bias).clamp(min=0)
                expected.append(vector)
        assert torch.allclose(model(images(2)).embedding, torch.cat(expected, dim=1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", ["convex", "sum", "two", "plain", "gap", "gmp"])
def test_each_scale_pools_by_the_form_that_was_asked(form):
    learns = form in ("convex", "sum", "two")
    model = HorizontalPooling(narrow, aps=form, aps_sigmoid=learns, stripe_dim=5)
    assert [(type(pool), pool.form, pool.sigmoid) for pool in model.pool] == [(AdaptivePooling, form, learns)] * 4


def test_a_scale_shares_one_reduction_where_asked():
    each, shared = (HorizontalPooling(narrow, stripe_dim=5, reduce_shared=way) for way in ("stripe", "scale"))
    assert [len(one.each) for one in each.reduce] == [8, 4, 2, 1]
    assert [len(one.each) for one in shared.reduce] == [1, 1, 1, 1]


def test_a_shared_batch_norm_counts_all_stripes_of_its_scale():
    model = HorizontalPooling(
        narrow, level_scales={"5_1": (4,)}, stripe_dim=5, reduce_shared="scale", l2="none"
    ).train()
    values = torch.stack(model(images()).features)
    column = model.reduce[0].each[0][1]
    assert column.num_batches_tracked == 1
    assert values.shape == (4, 3, 5)


def test_descriptors_are_normalised_as_asked():
    models = {
        way: formula.weights(HorizontalPooling(narrow, stripe_dim=5, l2=way)).eval()
        for way in ("whole", "none", "per_stripe")
    }
    with torch.inference_mode():
        found = {way: model(images()).embedding for way, model in models.items()}
    assert torch.allclose(found["whole"], normalize(found["none"], dim=1))
    assert not torch.allclose(found["whole"], found["none"])
    each = torch.cat([normalize(part, dim=1) for part in found["none"].split(5, dim=1)], dim=1)
    assert torch.allclose(found["per_stripe"], each)


@pytest.mark.parametrize("aps", ["convex", "two"])
@pytest.mark.parametrize("shared", ["stripe", "scale"])
def test_a_picture_embeds_the_same_alone_and_in_a_batch(aps, shared):
    model = HorizontalPooling(narrow, aps=aps, reduce_shared=shared, stripe_dim=20).eval()
    with torch.inference_mode():
        together = model(images(5)).embedding
        alone = torch.cat([model(image.unsqueeze(0)).embedding for image in images(5)])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"aps": "two"}, {"reduce_shared": "scale"}, {"level_scales": EVERY}])
def test_every_weight_gets_a_gradient_in_one_step(options):
    torch.manual_seed(0)
    model = HorizontalPooling(started, stripe_dim=20, num_classes=4, **options).train()
    output = model(images(6))
    torch.stack(output.logits)[..., 0].square().sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


def test_blocks_after_the_last_level_are_left_out():
    model = HorizontalPooling(started, level_scales={"5_1": (2,)}, stripe_dim=20, num_classes=4).train()
    assert len(model.backbone.layer4) == 1
    torch.stack(model(images()).logits)[..., 0].sum().backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_the_stride_can_be_taken_out_of_either_stage():
    coarse = partial(narrow, last_stride=2)
    rows = {}
    for stage in ("layer3", "layer4", None):
        model = HorizontalPooling(coarse, level_scales={"5_3": (4,)}, stripe_dim=5, stride_removed=stage).eval()
        rows[stage] = last_blocks(model.backbone, images())[-1].shape[2]
        assert model.backbone.layer3[0].conv1.stride == ((1, 1) if stage == "layer3" else (2, 2))
    assert rows == {"layer3": 8, "layer4": 8, None: 4}
    by_hand = coarse()
    remove_stride(by_hand, 4)
    same = HorizontalPooling(narrow, stripe_dim=5).backbone.layer4[0]
    assert [m.stride for m in same.modules() if hasattr(m, "stride")] == [
        m.stride for m in by_hand.layer4[0].modules() if hasattr(m, "stride")
    ]


def test_new_layers_start_as_named():
    torch.manual_seed(0)
    model = HorizontalPooling(narrow, num_classes=2000)
    reduction, classifier = model.reduce[0].each[0][0], model.classify[0]
    assert reduction.bias is None
    assert classifier.bias is None
    assert float(reduction.weight.detach().std()) == pytest.approx(math.sqrt(2 / 256), rel=0.05)
    assert float(classifier.weight.detach().std()) == pytest.approx(0.001, rel=0.05)


def test_pretrained_weights_reach_the_backbone(tmp_path):
    file = tmp_path / "w.safetensors"
    safetensors.torch.save_file(narrow().state_dict(), file)
    tensors = safetensors.torch.load_file(file)
    for model in (
        HorizontalPooling(narrow, pretrained=file),
        HorizontalPooling(narrow, level_scales={"5_1": (1,)}, pretrained=file),
    ):
        assert all(torch.equal(value, tensors[name]) for name, value in model.backbone.state_dict().items())


def test_the_golden_numbers_stand():
    model = formula.weights(HorizontalPooling(narrow, stripe_dim=4, num_classes=3)).eval()
    with torch.inference_mode():
        embedding = model(formula.pictures(2, 128, 64)).embedding
    assert embedding.shape == (2, 60)
    expected = torch.tensor(
        [
            0.5069,
            0.4854,
            0.3961,
            0.3507,
            0.2968,
            0.2825,
            0.2902,
            0.3025,
            0.3058,
            0.2522,
            0.2017,
            0.1967,
            0.2829,
            0.2541,
            0.3732,
        ]
    )
    assert torch.allclose(embedding[0].unflatten(0, (-1, 4)).sum(dim=1), expected, atol=5e-4)


def test_heights_that_the_stripes_do_not_divide_are_refused():
    model = HorizontalPooling(narrow, stripe_dim=5).eval()
    wrong = (
        r"height 96 give a map of 6 rows, which cannot be cut into 8 or 4 equal stripes.* multiple of 128, such as 128"
    )
    with pytest.raises(ValueError, match=wrong):
        model(images(height=96))
    with pytest.raises(
        ValueError, match=r"9 rows, which cannot be cut into 8 or 4 or 2 .* multiple of 128, such as 128"
    ):
        model(images(height=130))
    coarse = HorizontalPooling(partial(narrow, last_stride=2), stripe_dim=5).eval()
    with pytest.raises(ValueError, match=r"12 rows, which cannot be cut into 8 equal .* multiple of 256, such as 512"):
        coarse(images(height=384))


def test_levels_scales_and_options_that_do_not_fit_are_refused():
    def refused(match, network=narrow, **options):
        with pytest.raises(ValueError, match=match):
            HorizontalPooling(network, **options)

    refused("Level 5_4 needs a block that is not there: the backbone's last stage has 3", level_scales={"5_4": (1,)})
    refused("last stage has 2", network=partial(backbone, name="resnet18", channels=(8, 8, 8, 8)))
    refused("not of the ResNet family", network=partial(backbone, name="mobilenetv3_small_050"))
    refused("the level '4_1'", level_scales={"4_1": (1,)})
    refused("the level '5_0'", level_scales={"5_0": (1,)})
    refused("give one level or more", level_scales={})
    refused("each with scales", level_scales={"5_1": ()})
    refused(r"scales \(8, 0\)", level_scales={"5_1": (8, 0)})
    refused(r"scales \(2, 2\)", level_scales={"5_1": (2, 2)})
    refused("aps is 'mean'", aps="mean")
    refused("gmp learns no number", aps="gmp", aps_sigmoid=True)
    refused("reduce_shared is 'all'", reduce_shared="all")
    refused("l2 is 'each'", l2="each")
    refused("stride_removed is 'layer2'", stride_removed="layer2")
    refused("has no stride of 2 to remove", stride_removed="layer4")
