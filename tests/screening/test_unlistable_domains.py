import pytest

from gateway.screening.unlistable_domains import why_unlistable


@pytest.mark.parametrize(
    "domain", ["ru", "ac.ru", "msk.ru", "edu.cn", "ac.ir", "mil.ru", "nosuchtld"]
)
def test_s03_a_public_suffix_is_no_institution(domain, people):
    assert "public suffix" in why_unlistable(domain, people)


@pytest.mark.parametrize(
    "domain", ["gmail.com", "mail.ru", "vip.mail.ru", "privaterelay.appleid.com"]
)
def test_s03_a_personal_provider_is_no_institution(domain, people):
    assert "personal mail" in why_unlistable(domain, people)


@pytest.mark.parametrize("domain", ["wordpress.com", "mipt.wordpress.com", "x.github.io"])
def test_s03_a_shared_host_is_no_institution(domain, people):
    assert "shared host" in why_unlistable(domain, people)


@pytest.mark.parametrize("domain", ["mipt.ru", "issp.ac.ru", "tju.edu.cn", "nstri.aeoi.org.ir"])
def test_an_institutions_own_domain_is_fine(domain, people):
    assert why_unlistable(domain, people) is None
