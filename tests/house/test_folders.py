from tests.house import folders


def test_sixteen_files_beside_the_init_are_the_most_of_one_folder(made_up):
    texts = {f"gateway/room/file{number}.py": "" for number in range(16)}
    within = {f"gateway/room/inner/other{number}.py": "" for number in range(16)}
    assert list(folders.crowded(made_up(texts | within).files, "gateway")) == []
    (breach,) = folders.crowded(made_up({"gateway/room/one_more.py": ""}).files, "gateway")
    assert str(breach) == (
        "gateway/room/__init__.py:1: gateway/room/ holds 17 Python files, 16 are the most: "
        "give those of one subject a folder of their own"
    )


def test_a_basename_stands_once(made_up):
    texts = {"gateway/a/check.py": "", "gateway/b/inner/check.py": "", "gateway/b/checks.py": ""}
    (breach,) = folders.doubles(made_up(texts).files, "gateway")
    assert str(breach).startswith(
        "gateway/b/inner/check.py:1: a second check.py beside gateway/a/check.py: "
    )


def test_verbs_pages_and_what_python_itself_names_may_bear_the_same_name(made_up):
    texts = {
        "gateway/lists/show.py": "",
        "gateway/cli/show.py": "",
        "gateway/cli/lists/show.py": "",
        "gateway/console/pages/show.py": "",
        "gateway/cli/__main__.py": "",
        "gateway/serve/__main__.py": "",
    }
    assert list(folders.doubles(made_up(texts).files, "gateway")) == []


def test_the_console_outside_its_pages_is_no_exception(made_up):
    texts = {"gateway/lists/show.py": "", "gateway/console/show.py": ""}
    assert len(list(folders.doubles(made_up(texts).files, "gateway"))) == 1


def test_another_package_is_not_looked_at(made_up):
    texts = {f"benchmarks/file{number}.py": "" for number in range(20)}
    files = made_up(texts | {"gateway/file1.py": ""}).files
    assert list(folders.crowded(files, "gateway")) == list(folders.doubles(files, "gateway")) == []
