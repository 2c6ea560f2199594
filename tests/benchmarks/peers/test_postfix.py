from benchmarks.host import child
from benchmarks.peers import postfix


def test_without_postfix_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(child, "find", lambda _program: None)
    assert postfix.missing() == (
        "smtp-source and smtp-sink not found: install Postfix (package postfix)"
    )


def test_the_last_count_is_what_arrived(tmp_path):
    log = tmp_path / "log"
    log.write_text("")
    assert postfix.arrived(log) == 0
    log.write_text("sess=1 quit=0 mesg=1\rsess=1 quit=1 mesg=27\r")
    assert postfix.arrived(log) == 27
