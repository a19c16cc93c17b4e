from functools import partial

import pytest
import safetensors.torch
import torch
from torch.nn.functional import adaptive_avg_pool2d, adaptive_max_pool2d, normalize

from passerby.losses.batch_hard_triplet import batch_hard_triplet
from passerby.losses.identity import identity
from passerby.models.backbone import backbone, stages
from passerby.models.hybrid_attention import PAPER, RELEASED, HybridAttention
from passerby.types import Batch

resnet50 = partial(backbone, name="resnet50", last_stride=1)
narrow = partial(backbone, name="resnet18", layers=(1, 1, 1, 3), channels=(8, 16, 32, 64), last_stride=1)
small = partial(HybridAttention, narrow, channels=8, dim=12, cam_ratio=4)
ORDERS = ["none", "S", "C", "cCS", "CSc", "CcS", "cSC", "SCc", "ScC", "Sc", "cC"]
SUBSETS = [(1,), (2,), (3,), (4,), (1, 2), (1, 2, 3), (2, 3, 4)]


def pictures(count=2, height=96, width=32):
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(7))


def count(module):
    return sum(p.numel() for p in module.parameters())


def stages_of(order):
    return (4,) if order in ("S", "C") else (1, 2, 3, 4)


def test_it_has_the_papers_numbers_of_parameters_and_shapes():
    with torch.device("meta"):
        model = HybridAttention(resnet50, num_classes=751)
        images = torch.zeros(2, 3, 384, 128)
        assert count(model) == 77_498_824
        assert count(model.attend_fused) == 1_843_200
        assert [count(sam) for sam in model.attend_stage] == [98] * 4
        heads = list(zip(model.extract, model.norm, model.classify, strict=True))
        assert [sum(count(part) for part in head) for head in heads] == [2_483_200] * 21
        maps = [tuple(x.shape[1:]) for x in stages(model.backbone, images)]
        assert maps == [(256, 96, 32), (512, 48, 16), (1024, 24, 8), (2048, 24, 8)]
        output = model.train()(images)
        assert output.maps["attended"].shape == (2, 3840, 24, 8)
        assert [x.shape[1] for x in output.features] == [512, 1024, 1536, 2048, 2560, 3072]
        assert [tuple(x.shape) for x in output.logits] == [(2, 751)] * 21
        output = model.eval()(images)
        assert output.embedding.shape == (2, 10_752)
        assert output.features == output.logits == ()


def test_the_papers_network_embeds_a_picture():
    with torch.inference_mode():
        embedding = HybridAttention(resnet50).eval()(pictures(1, 384, 128)).embedding
    assert embedding.shape == (1, 10_752)
    assert embedding.isfinite().all()


def test_the_default_is_what_the_authors_released():
    torch.manual_seed(0)
    default = small().eval()
    torch.manual_seed(0)
    released = small(**RELEASED).eval()
    assert torch.equal(default(pictures()).embedding, released(pictures()).embedding)
    torch.manual_seed(0)
    assert not torch.equal(default(pictures()).embedding, small(**PAPER).eval()(pictures()).embedding)


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_of_the_attentions_trains_and_embeds(order):
    model = small(attention_order=order, stages=stages_of(order), num_classes=5)
    output = model.train()(pictures())
    assert len(output.features) == 6
    assert [tuple(x.shape) for x in output.logits] == [(2, 5)] * 21
    output = model.eval()(pictures())
    assert output.features == output.logits == ()
    assert output.embedding.shape == (2, 21 * 12)


def by_letters(model, order, maps):
    """The order read letter by letter; weights in the order in which the letters come."""
    each = [list(attend) for attend in model.attend_stage]
    fused = list(model.attend_fused)
    joined = None
    for letter in order.replace("none", "c"):
        if letter == "c":
            joined = torch.cat(maps, dim=1)
            continue
        steps = [fused.pop(0)] if joined is not None else [attend.pop(0) for attend in each]
        name = "SpatialAttention" if letter == "S" else "ChannelAttention"
        assert {type(step.attention).__name__ for step in steps} == {name}
        if joined is not None:
            joined = joined * steps[0].attention(joined)
        else:
            maps = [x * step.attention(x) for x, step in zip(maps, steps, strict=True)]
    assert not fused
    assert not any(each)
    return maps[0] if joined is None else joined


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_is_what_its_letters_say(order):
    model = small(attention_order=order, stages=stages_of(order)).eval()
    every = stages(model.backbone, pictures())
    aligned = [adaptive_max_pool2d(every[stage - 1], every[3].shape[2:]) for stage in model.stages]
    assert torch.allclose(model(pictures()).maps["attended"], by_letters(model, order, aligned), atol=1e-6)


def test_sam_before_the_pooling_sees_the_stages_own_size():
    model = small(sam_position="before_pool", attention_order="ScC").eval()
    every = stages(model.backbone, pictures())
    weighted = [x * step[0].attention(x) for x, step in zip(every, model.attend_stage, strict=True)]
    joined = torch.cat([adaptive_max_pool2d(x, every[3].shape[2:]) for x in weighted], dim=1)
    wanted = joined * model.attend_fused[0].attention(joined)
    attended = model(pictures()).maps["attended"]
    assert torch.allclose(attended, wanted, atol=1e-6)
    model.sam_position = "after_pool"
    assert not torch.allclose(attended, model(pictures()).maps["attended"], atol=1e-4)


def test_a_residual_adds_the_map_itself():
    model = small(attention_order="S", stages=(4,), attention_residual=True).eval()
    last = stages(model.backbone, pictures())[3]
    wanted = last + last * model.attend_stage[0][0].attention(last)
    assert torch.allclose(model(pictures()).maps["attended"], wanted, atol=1e-6)


def test_average_alignment_takes_the_mean():
    model = small(attention_order="none", align="average").eval()
    every = stages(model.backbone, pictures())
    wanted = torch.cat([adaptive_avg_pool2d(x, every[3].shape[2:]) for x in every], dim=1)
    assert torch.allclose(model(pictures()).maps["attended"], wanted, atol=1e-6)


@pytest.mark.parametrize("last_stride", [1, 2])
@pytest.mark.parametrize("chosen", SUBSETS)
def test_any_stages_come_in_the_size_of_stage_4_and_later_ones_are_left_out(chosen, last_stride):
    whole = partial(narrow, last_stride=last_stride)
    model = HybridAttention(whole, stages=chosen, attention_order="none", k=2, channels=8, dim=12).eval()
    images = pictures(1, 112, 75)  # 75 columns are halved to 38, 19, 10, 5, 3
    full = stages(whole().eval(), images)
    widths = [(8, 16, 32, 64)[stage - 1] for stage in chosen]
    if last_stride == 1:
        assert full[3].shape[2:] == (7, 5)
        with pytest.raises(ValueError, match="multiple of 32"):
            model(images)
        images = pictures(1, 128, 75)
        full = stages(whole().eval(), images)
    assert model(images).maps["attended"].shape == (1, sum(widths), *full[3].shape[2:])
    kept = {name.split(".")[0] for name, _ in model.backbone.named_parameters()}
    assert {name for name in kept if name.startswith("layer")} == {f"layer{n}" for n in range(1, max(chosen) + 1)}


def test_a_stage_keeps_its_values_whether_or_not_later_ones_are_there():
    model = small(stages=(1, 2), attention_order="none").eval()
    whole = narrow()
    whole.load_state_dict(model.backbone.state_dict(), strict=False)
    every = stages(whole.eval(), pictures())
    wanted = torch.cat([adaptive_max_pool2d(x, every[3].shape[2:]) for x in every[:2]], dim=1)
    assert torch.equal(model(pictures()).maps["attended"], wanted)


def test_features_are_concatenated_by_level_in_order():
    levels = small(num_classes=3).train()
    alone = small(num_classes=3, triplet_group="window").train()
    alone.load_state_dict(levels.state_dict())
    by_level, by_window = levels(pictures(4)).features, alone(pictures(4)).features
    assert len(by_window) == 21
    start = 0
    for level, feature in enumerate(by_level, start=1):
        assert torch.equal(feature, torch.cat(by_window[start : start + level], dim=1))
        start += level


@pytest.mark.parametrize("l2", ["whole", "per_window"])
@pytest.mark.parametrize("test_feature", ["post_bn", "pre_bn"])
def test_the_descriptor_is_all_windows_in_order(l2, test_feature):
    model = small(l2=l2, test_feature=test_feature).eval()
    for norm in model.norm:
        norm.running_mean.fill_(0.3)
    output = model(pictures())
    parts, n = [], 0
    for level in range(1, 7):
        for start in range(level):
            rows = output.maps["attended"][:, :, start : start + 7 - level]  # a stripe is one row here
            vector = model.extract[n](rows)
            vector = model.norm[n](vector) if test_feature == "post_bn" else vector
            parts.append(vector / vector.norm(dim=1, keepdim=True) if l2 == "per_window" else vector)
            n += 1
    assert torch.allclose(output.embedding, torch.cat(parts, dim=1), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "parts"), [({"levels": (1, 3)}, 4), ({"mgo": "disjoint"}, 12), ({"k": 2}, 3), ({"k": 1}, 1)], ids=str
)
def test_levels_and_stripes_decide_how_many_windows_there_are(options, parts):
    model = small(**options, num_classes=3)
    output = model.train()(pictures(4))
    assert output.embedding.shape == (4, parts * 12)
    assert len(output.logits) == parts
    assert len(output.features) == len({window.level for window in model.windows})


def test_eq_2_as_it_is_printed_adds_the_poolings_first():
    model = small(cam_sum="before", attention_order="C", stages=(4,)).eval()
    last = stages(model.backbone, pictures())[3]
    pooled = last.mean(dim=(2, 3), keepdim=True) + last.amax(dim=(2, 3), keepdim=True)
    wanted = last * torch.sigmoid(model.attend_stage[0][0].attention.shared(pooled))
    assert torch.allclose(model(pictures()).maps["attended"], wanted, atol=1e-6)


def test_the_triplet_feature_is_before_or_after_the_batch_norm():
    after = small(triplet_group="window", levels=(1,)).train()
    before = small(triplet_group="window", levels=(1,), triplet_feature="pre_bn").train()
    before.load_state_dict(after.state_dict())
    images = pictures(4)
    reduced = before(images).features[0]
    assert torch.allclose(after(images).features[0], after.norm[0](reduced), atol=1e-5)
    assert not torch.allclose(after(images).features[0], reduced, atol=1e-2)


def test_a_plain_head_is_the_mean_of_the_window():
    model = HybridAttention(
        narrow, stages=(4,), attention_order="none", levels=(1,), head="plain", test_feature="pre_bn", num_classes=3
    ).eval()
    last = stages(model.backbone, pictures())[3]
    assert torch.allclose(model(pictures()).embedding, last.mean(dim=(2, 3)), atol=1e-6)
    assert count(model) == count(narrow()) + 2 * 64 + 3 * 64


@pytest.mark.parametrize("options", [RELEASED, PAPER, {"mgo": "disjoint"}, {"align": "average", "cam_sum": "before"}])
def test_a_picture_embeds_the_same_alone_and_in_a_batch(options):
    model = small(**options).eval()
    with torch.inference_mode():
        together = model(pictures(5)).embedding
        alone = torch.cat([model(image.unsqueeze(0)).embedding for image in pictures(5)])
    assert torch.allclose(together, alone, atol=1e-5)
    assert together.std(dim=0).max() > 1e-3  # they are not all the same


@pytest.mark.parametrize(
    "options",
    [RELEASED, PAPER, *({"stages": chosen} for chosen in SUBSETS)]
    + [{"attention_order": order, "stages": stages_of(order)} for order in ORDERS]
    + [{"head": "plain"}, {"triplet_group": "window"}, {"sam_position": "before_pool"}, {"mgo": "disjoint"}],
    ids=str,
)
def test_every_weight_gets_a_gradient_in_one_step(options):
    torch.manual_seed(1)
    started = partial(narrow, zero_init_last=False)  # timm starts each residual branch at zero, without a gradient
    settings = {"channels": 8, "dim": 12, "cam_ratio": 1, "num_classes": 4, **options}
    model = HybridAttention(started, **settings).train()
    pids = torch.arange(4).repeat_interleave(2)
    batch = Batch(images=pictures(8), pids=pids, camids=torch.zeros_like(pids))
    output = model(batch.images)
    (identity(output, batch, smoothing=0.1) + batch_hard_triplet(output, batch, margin=1.0)).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


def formula(start, count):
    """Numbers that look like chance and are the same on every machine."""
    return torch.sin((torch.arange(start, start + count) * 7919 % 10007).double())


def test_weights_set_by_a_formula_give_the_stored_descriptor():
    model = small().eval()
    start = 0
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        values = formula(start, tensor.numel()).view(tensor.shape)
        start += tensor.numel()
        if tensor.ndim > 1:
            tensor.copy_(2 * values / tensor[0].numel() ** 0.5)
        else:
            tensor.copy_((1 if name.endswith(("weight", "running_var")) else 0) + 0.1 * values)
    with torch.inference_mode():
        embedding = model(formula(0, 2 * 3 * 96 * 32).view(2, 3, 96, 32).float()).embedding
    wanted = [
        [-0.0533982, -0.0590888, -0.2141222, -0.0621092, -0.1272309],
        [-0.0519909, -0.0497347, -0.2500606, -0.0170897, -0.0693038],
    ]
    embedding = normalize(embedding, dim=1)
    assert torch.allclose(embedding[:, [0, 11, 12, 100, 251]], torch.tensor(wanted), atol=1e-5)


def test_without_identities_there_are_no_logits():
    output = small().train()(pictures(4))
    assert output.logits == ()
    assert len(output.features) == 6


def test_weights_of_the_backbone_come_from_a_file(tmp_path):
    whole = narrow()
    safetensors.torch.save_file(whole.state_dict(), tmp_path / "w.safetensors")
    model = small(stages=(1, 2), pretrained=tmp_path / "w.safetensors")
    for name, tensor in model.backbone.state_dict().items():
        assert torch.equal(tensor, whole.state_dict()[name])


def test_a_map_that_the_stripes_do_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"128 high give a feature map 8 high.*k=6.*multiple of 96 \(16 times k\)"):
        small()(pictures(1, 128, 64))
    with pytest.raises(ValueError, match="multiple of 96"):
        small(stages=(1,), cam_ratio=2)(pictures(1, 128, 64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": (5,)}, "no stage 5"),
        ({"stages": ()}, "stages is"),
        ({"stages": (1, 1)}, "none of them twice"),
        ({"attention_order": "SC"}, "attention_order is 'SC'"),
        ({"attention_order": "S"}, "no c to concatenate"),
        ({"attention_order": "cCS", "sam_position": "before_pool"}, "no attention before c"),
        ({"sam_position": "never"}, "sam_position is 'never'"),
        ({"align": "min"}, "align is 'min'"),
        ({"head": "fc"}, "head is 'fc'"),
        ({"triplet_feature": "bn"}, "triplet_feature is 'bn'"),
        ({"triplet_group": "all"}, "triplet_group is 'all'"),
        ({"test_feature": "bn"}, "test_feature is 'bn'"),
        ({"l2": "none"}, "l2 is 'none'"),
        ({"activation": "gelu"}, "activation is 'gelu'"),
        ({"mgo": "overlap"}, "mgo is 'overlap'"),
        ({"levels": (7,)}, "levels is"),
        ({"cam_ratio": 500}, "ratio is 500"),
    ],
    ids=str,
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


@pytest.mark.parametrize("name", ["resnet26d", "resnext50_32x4d", "seresnet50", "skresnet50", "wide_resnet50_2"])
def test_other_networks_of_the_family_have_their_own_widths(name):
    with torch.device("meta"):
        model = HybridAttention(partial(backbone, name=name, last_stride=1)).eval()
        assert model(torch.zeros(1, 3, 192, 64)).maps["attended"].shape == (1, 3840, 12, 4)


def test_a_network_without_stages_is_refused():
    with pytest.raises(ValueError, match="not of the ResNet family"):
        HybridAttention(partial(backbone, name="densenet121"))
