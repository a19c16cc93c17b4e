import pytest

from passerby.gallery.searchable import check_labels, is_searchable

NEVER = (
    *("gender", "Gender", "GENDER", " gender ", "gen-der", "g_e_n_d_e_r", "predicted_gender", "genderClass", "Génder"),
    *("sex", "SEX", "s.e.x", "isFemale", "is_female", "personalMale", "male", "Woman"),
    "\uff47\uff45\uff4e\uff44\uff45\uff52",
    *(
        "age",
        "Age",
        "AGE",
        "age_group",
        "ageGroup",
        "Age-Range",
        "age<30",
        "age1",
        "estimated age",
        "is_adult",
        "young",
    ),
    *("ethnicity", "skin_colour", "skinTone", "race", "religion", "disabled"),
    *("hair", "long_hair", "longHair", "hair colour", "beard", "height"),
)
CLOTHING = (
    *("upper", "lower", "hat", "backpack", "bag", "handbag", "boots", "light_shoes", "long_top", "long_sleeves"),
    *("dress", "luggage", "carriedBaggage", "upper_colour", "Mantel", "sausage", "bandage", "sexton", "managed", "鞋"),
    *("coat2", "manteau", "foldedUmbrella", "brace", "trace", "packaged", "1", "-", "short_lower", "glasses"),
)


@pytest.mark.parametrize("name", NEVER)
def test_a_label_of_gender_age_or_the_body_is_refused(name):
    assert not is_searchable(name)
    with pytest.raises(ValueError, match=r"^A label is called .*; give clothing and carried things only"):
        check_labels(["upper", name])


@pytest.mark.parametrize("name", CLOTHING)
def test_a_label_of_clothing_or_a_carried_thing_is_taken(name):
    assert is_searchable(name)
    check_labels([name])


def test_no_labels_are_fine():
    check_labels([])


def test_a_name_that_is_long_is_told_in_one_short_line():
    with pytest.raises(ValueError, match=r"^[^\n]{1,300}$"):
        check_labels(["gender" + "\n" * 5000])
