from gateway.addresses.mailbox import mailbox_key, without_batv, without_tag


def test_mailboxes_are_compared_without_case_tag_and_signature():
    assert mailbox_key("ERA_1") == "era_1"
    assert without_tag("era_1+x+y") == "era_1"
    assert without_tag("+x") == "+x"
    assert without_batv("prvs=2987A7B7C7=info") == "info"
    assert without_batv("prvs=short=info") == "prvs=short=info"
