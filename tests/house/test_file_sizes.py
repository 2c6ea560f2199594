from tests.house import file_sizes
from tests.house.file_sizes import Longer

SESSION = "gateway/smtp/session.py"
LONGER = {SESSION: Longer(800, "docs/decisions/0018-house.md")}


def lines(count):
    return "x = 1\n" * count


def told(tree, exceptions):
    return [str(breach) for breach in file_sizes.breaches(tree.files, tree.top, exceptions)]


def record(tree, text):
    path = tree.top / "docs/decisions/0018-house.md"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def test_six_hundred_lines_are_the_most(made_up):
    tree = made_up({"gateway/a.py": lines(600), "benchmarks/b.py": lines(601)})
    assert told(tree, {}) == ["benchmarks/b.py:601: 601 lines, 600 are the most: split it by nouns"]


def test_what_is_longer_than_the_rule_is_named_and_does_not_fail(made_up):
    tree = made_up({"gateway/a.py": lines(400), "gateway/b.py": lines(401)})
    assert told(tree, {}) == []
    assert list(file_sizes.long_ones(tree.files)) == [
        "gateway/b.py: 401 lines; 400 are the rule, 600 the most"
    ]


def test_an_exception_that_a_record_explains_holds_up_to_its_own_bound(made_up):
    tree = made_up({SESSION: lines(800)})
    record(tree, f"`{SESSION}` is one file of up to 800 lines: its parts cost 4 % of the CPU.\n")
    assert told(tree, LONGER) == []
    made_up({SESSION: lines(801)})
    (breach,) = told(made_up({SESSION: lines(801)}), LONGER)
    assert breach.startswith(f"{SESSION}:801: 801 lines, 800 are the most")


def test_an_exception_without_its_reason_is_a_breach(made_up):
    tree = made_up({SESSION: lines(700)})
    (without_record,) = told(tree, LONGER)
    record(tree, "Of another file.\n")
    (without_word,) = told(tree, LONGER)
    assert without_record == without_word
    assert f"does not say why {SESSION} is longer" in without_word


def test_an_exception_that_nothing_needs_is_a_breach(made_up):
    tree = made_up({SESSION: lines(600)})
    (short,) = told(tree, LONGER)
    (gone,) = told(made_up({"gateway/smtp/a.py": ""}), {"gateway/gone.py": Longer(800, "README")})
    assert "tests/house/file_sizes.py:" in short
    assert f"{SESSION} needs no exception" in short
    assert "gateway/gone.py needs no exception" in gone
