import re
from importlib.metadata import version

import pytest

from passerby.report._words import NONE
from passerby.report.results import results
from passerby.report.results_latex import results_latex
from result_sets import NASTY, scores

COMMANDS = {
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "ldots": "…",
}
TOKEN = re.compile(
    r"\\(?P<command>[a-z]+)\{\}|(?P<quote>\{\\char34\})|\\(?P<escaped>[&%$#_{}])|\{(?P<grouped>[^\\{}])\}"
    r"|\\phantom\{(?P<phantom>0+)\}|(?P<space>~)|(?P<dash>--)|(?P<plain>[^\\{}&%$#_^~<>|\"])"
)


def read(text):
    """What a piece of LaTeX prints; refuses every sign that would mean something else."""
    found, place = "", 0
    while place < len(text):
        token = TOKEN.match(text, place)
        assert token, f"{text[place:]!r} does not print as it stands"
        place = token.end()
        kind = token.lastgroup
        if kind == "command":
            found += COMMANDS[token[kind]]
        else:
            found += {"quote": '"', "space": " ", "phantom": "", "dash": NONE}.get(kind, token[kind])
    return found


def rows(text):
    body = text[text.index("\\toprule") : text.index("\\bottomrule")]
    lines = [line.strip().removesuffix(" \\\\") for line in body.splitlines() if line.endswith("\\\\")]
    return [[cell.strip().removeprefix("\\raggedright ") for cell in re.split(r"(?<!\\)&", line)] for line in lines]


def depth(text):
    """How deep braces are open at each sign."""
    level, levels = 0, []
    for sign in re.sub(r"\\[\\{}%&$#_]", "", re.sub(r"^%.*\n", "", text, flags=re.MULTILINE)):
        level += {"{": 1, "}": -1}.get(sign, 0)
        levels.append(level)
    return levels


def test_it_is_a_whole_table_of_booktabs():
    text = results_latex(results({"a": scores()}))
    orders = re.findall(r"\\(begin\{\w+\}|end\{\w+\}|\w+rule)", text)
    assert orders == [
        *("begin{table}", "begin{tabular}", "toprule", "midrule", "bottomrule", "end{tabular}"),
        *("begin{minipage}", "end{minipage}", "end{table}"),
    ]
    assert text.index("\\caption") < text.index("\\toprule")


def test_the_first_line_says_what_is_needed_and_who_made_it():
    first, second, *_ = results_latex(results({"a": scores()})).splitlines()
    assert first == f"% Made by passerby {version('passerby')}. Needs \\usepackage{{booktabs}} in the preamble."
    assert second == "\\begin{table}[htbp]"


def test_letters_beyond_ascii_have_a_comment_and_nothing_else_has():
    assert "XeLaTeX" not in results_latex(results({f"a…{NONE}b": scores((0,), people=(1,))}))
    assert "XeLaTeX" in results_latex(results({"行人": scores()})).splitlines()[1]
    assert "XeLaTeX" in results_latex(results({"a": scores(data="行人")})).splitlines()[1]


def test_the_caption_tells_model_definition_and_interval():
    caption = re.search(r"\\caption\{(.*)\}$", results_latex(results({"a": scores()})), re.MULTILINE)[1]
    assert caption.startswith("Results of model demo (weights 0123456789ab; 64x32). ")
    assert "Brackets hold the 95~\\% interval: people are drawn" in caption
    assert "AP (step): mean of k / rank of the k-th right picture." in caption


def test_the_model_is_not_said_twice_and_unlike_models_stand_below():
    one = results_latex(results({"a": scores(model="net"), "b": scores(model="net")}))
    assert one.count("model net") == 1
    two = results_latex(results({"a": scores(model="net one"), "b": scores(model="net two")}))
    assert "\\caption{Results. " in two
    assert "a: model net one.\\par" in two
    assert "b: model net two.\\par" in two


@pytest.mark.parametrize("label", NASTY)
def test_every_sign_of_a_label_prints_as_it_is(label):
    found = results({"a": scores(), label: scores(data=label)}, heading=label)
    text = results_latex(found)
    head, _, row = rows(text)
    assert read(head[0]) == label
    assert read(row[0]) == label
    assert not row[0].startswith(("[", "*"))
    told = [line.strip().removesuffix("\\par") for line in text.splitlines() if line.endswith("\\par")]
    assert [read(line) for line in told] == [f"{whom}: {words}" for whom, words in found.remarks(without={"model"})]
    levels = depth(text)
    assert min(levels) == 0
    assert levels[-1] == 0


@pytest.mark.parametrize("sign", list("&%$#_{}~^\\<>"))
def test_a_sign_that_is_an_order_never_stands_alone(sign):
    text = results_latex(results({f"a{sign}b": scores()}))
    (_, row) = rows(text)
    assert row[0] != f"a{sign}b"
    assert read(row[0]) == f"a{sign}b"


@pytest.mark.parametrize("label", ["---", "``a''", ",,", "'''"])
def test_signs_are_not_joined_to_other_signs(label):
    (_, row) = rows(results_latex(results({label: scores()})))
    assert not re.search(r"--|``|''|,,", row[0])


def test_a_label_cannot_leave_a_comment_or_a_line():
    text = results_latex(results({"a\n\\input{x}": scores(data="b\r\n%c")}))
    assert "\\input" not in text
    assert all(line.startswith("%") is (place == 0) for place, line in enumerate(text.splitlines()))


def test_the_cells_are_those_of_the_results():
    found = results({"market1501": scores(), "b": scores((0, 0, 0, 0), ap="trapezoid"), "c": scores((1,) * 4)})
    head, *others = rows(results_latex(found))
    assert [read(cell) for cell in head] == list(found.headings)
    assert [tuple(map(read, row)) for row in others] == list(found.rows)


def test_numbers_of_a_column_are_equally_long():
    found = results({"a": scores((30, 40, 50, 12)), "b": scores((1, 1, 2, 1)), "c": scores((1,) * 4)})
    _, *others = rows(results_latex(found))
    for column in list(zip(*others, strict=True))[1:-1]:
        assert len({len(cell.replace("\\phantom{", "").replace("}", "")) for cell in column}) == 1


def test_long_labels_go_on_below_and_short_ones_stand_on_one_line():
    assert "{@{}lrrrrrr@{}}" in results_latex(results({"market1501": scores()}))
    assert "{@{}p{0.15\\linewidth}rrrrrr@{}}" in results_latex(results({"market1501, 2 or more queries": scores()}))
