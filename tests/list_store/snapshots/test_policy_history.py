import gzip
import json

import pytest

from gateway.errors import ListError
from gateway.list_store.snapshots import policy_edition, policy_history
from gateway.notices import notice_texts
from gateway.policy import rules


@pytest.fixture
def edit(config):
    """Change a file of the policies folder, and give the edition that it then is."""

    def run(name=None, text=""):
        directory = config.policies.directory
        if name is not None:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((path.read_text() if path.exists() else "") + text)
        return policy_edition.edition_of(
            config, rules.load(directory), notice_texts.load(directory)
        )

    return run


RULE = '\n[[rule]]\nname = "another"\nstanding = ["review"]\naction = "observe"\ntext = "u"\n'


@pytest.fixture
def other_rule(config):
    """A policy of other rules: the packaged test policy fits everything in one."""

    def run():
        path = config.policies.directory / "policy.toml"
        path.write_text(path.read_text().replace('text = "t"', 'text = "another"'))

    return run


def fault(call):
    with pytest.raises(ListError) as caught:
        call()
    return str(caught.value)


def test_a05_every_policy_that_was_in_force_is_found_by_its_digest(folder, edit, other_rule, at):
    first = edit()
    policy_history.keep(folder, first, at())
    other_rule()
    second = edit()
    policy_history.keep(folder, second, at(1))
    assert first.policy != second.policy
    assert policy_history.load(folder, first.policy) == first
    assert policy_history.load(folder, second.policy) == second
    assert [each.policy for each in policy_history.activations(folder)] == [
        first.policy,
        second.policy,
    ]


def test_a_second_time_nothing_is_written(folder, edit, at, files):
    path = policy_history.keep(folder, edit(), at())
    before, inode = files(), path.stat().st_ino
    policy_history.keep(folder, edit(), at(1))
    assert files() == before
    assert path.stat().st_ino == inode


def test_equal_editions_give_equal_files(folder, edit, at):
    path = policy_history.keep(folder, edit(), at())
    before = path.read_bytes()
    path.unlink()
    assert policy_history.keep(folder, edit(), at(9)) == path
    assert path.read_bytes() == before


def test_one_that_comes_back_is_a_term_of_its_own(folder, edit, config, at):
    path = config.policies.directory / "policy.toml"
    text = path.read_text()
    first = edit()
    policy_history.keep(folder, first, at())
    second = edit("policy.toml", "# a remark\n")
    policy_history.keep(folder, second, at(1))
    path.write_text(text)
    policy_history.keep(folder, edit(), at(2))
    assert first.policy == second.policy
    assert [each.at for each in policy_history.activations(folder)] == [at(), at(1), at(2)]
    assert len(list(folder.policies.iterdir())) == 2


def test_a05_of_several_letters_those_asked_for_are_found(folder, edit, at):
    first = edit()
    policy_history.keep(folder, first, at())
    second = edit("notices/en/never.txt", "sorry\n")
    policy_history.keep(folder, second, at(1))
    assert first.texts != second.texts
    for each in (first, second):
        assert policy_history.load(folder, each.policy, each.texts) == each
    assert policy_history.texts_at(folder, first.policy, at(0)) == first.texts
    assert policy_history.texts_at(folder, first.policy, at(5)) == second.texts
    assert policy_history.texts_at(folder, first.policy, at(-1)) is None
    assert policy_history.texts_at(folder, "sha256:" + "0" * 64, at(5)) is None
    told = fault(lambda: policy_history.load(folder, first.policy, "sha256:" + "0" * 64))
    assert "no such notice texts are kept here" in told


def test_what_changed_between_loading_and_keeping_is_not_kept_under_that_digest(
    folder, config, other_rule, at
):
    directory = config.policies.directory
    loaded = rules.load(directory), notice_texts.load(directory)
    other_rule()
    made = policy_edition.edition_of(config, *loaded)
    told = fault(lambda: policy_history.keep(folder, made, at()))
    assert "were changed while they were read" in told
    assert not folder.path.exists()
    (directory / "policy.toml").write_text("[")
    made = policy_edition.edition_of(config, *loaded)
    assert "is not TOML" in fault(lambda: policy_history.keep(folder, made, at()))


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "*", "../../etc/passwd", "sha256:" + "*" * 64, "sha256:" + "0" * 64]
)
def test_what_is_not_kept_is_told(folder, edit, digest, at):
    policy_history.keep(folder, edit(), at())
    told = fault(lambda: policy_history.load(folder, digest))
    assert "is no digest" in told or "no such policy is kept here" in told


@pytest.mark.parametrize("where", [0, 10, 20, 400, -9, -5, -1])
def test_a_file_altered_by_one_byte_is_not_believed_and_written_again(folder, edit, at, where):
    made = edit()
    path = policy_history.keep(folder, made, at())
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[where] ^= 0x41
    path.write_bytes(damaged)
    assert str(path) in fault(lambda: policy_history.load(folder, made.policy))
    policy_history.keep(folder, made, at(1))
    assert path.read_bytes() == whole


def test_one_that_is_damaged_does_not_hide_another_with_the_same_rules(folder, edit, at):
    first = edit()
    path = policy_history.keep(folder, first, at())
    second = edit("policy.toml", "# a remark\n")
    policy_history.keep(folder, second, at(1))
    path.write_bytes(b"")
    assert policy_history.load(folder, first.policy) == second


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"format": 2}', b"[" * 100_000, b'{"format": 1}', b"null", b'{"format":1,"'],
)
def test_whatever_another_version_wrote_is_told_and_no_bug(folder, content):
    folder.make()
    digest = "sha256:" + "1" * 64
    name = f"sha256-{'1' * 64}.{policy_history.hashlib.sha256(content).hexdigest()}.gz"
    (folder.policies / name).write_bytes(gzip.compress(content))
    assert "another version of Monition" in fault(lambda: policy_history.load(folder, digest))


def test_an_edition_under_anothers_name_is_not_believed(folder, edit, at):
    path = policy_history.keep(folder, edit(), at())
    other = "sha256:" + "1" * 64
    content = path.name.split(".")[1]
    path.rename(path.with_name(f"sha256-{'1' * 64}.{content}.gz"))
    assert "does not hold what its name says" in fault(lambda: policy_history.load(folder, other))


def test_a_bomb_is_not_unpacked_to_its_end(folder):
    folder.make()
    digest = "sha256:" + "1" * 64
    bomb = gzip.compress(bytes(policy_edition.LARGEST + 1000))
    (folder.policies / f"sha256-{'1' * 64}.{'2' * 64}.gz").write_bytes(bomb)
    assert "which none does" in fault(lambda: policy_history.load(folder, digest))


def test_a_torn_last_line_is_passed_over_and_one_within_is_told(folder, edit, at):
    policy_history.keep(folder, edit(), at())
    policy_history.keep(folder, edit("policy.toml", "# a remark\n"), at(1))
    lines = folder.policies_history.read_bytes().splitlines(keepends=True)
    folder.policies_history.write_bytes(lines[0] + lines[1][:40])
    assert [each.at for each in policy_history.activations(folder)] == [at()]
    folder.policies_history.write_bytes(lines[1][:40] + b"\n" + lines[0])
    told = fault(lambda: policy_history.activations(folder))
    assert told.startswith(f"{folder.policies_history}:1: is damaged")


@pytest.mark.parametrize("line", [b"[" * 100_000, b"null", b"{}", b'{"at": 1}', b"\xff"])
def test_damage_of_any_kind_keeps_no_policy_from_being_kept(folder, edit, at, line):
    made = edit()
    folder.make()
    folder.policies_history.write_bytes(line + b"\n" + line + b"\n")
    policy_history.keep(folder, made, at())
    assert policy_history.load(folder, made.policy) == made
    assert json.loads(folder.policies_history.read_bytes().splitlines()[-1])["texts"] == made.texts


def test_a_folder_where_the_history_should_be_is_told(folder):
    folder.make()
    folder.policies_history.mkdir()
    assert "cannot be read (Is a directory); move it away" in fault(
        lambda: policy_history.activations(folder)
    )


def test_where_nothing_was_kept_there_is_no_term(folder):
    assert policy_history.activations(folder) == []
