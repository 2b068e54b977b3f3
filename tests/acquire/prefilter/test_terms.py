from dataclasses import replace

import pytest

from acquire.domain import Feature, RiskTerms
from acquire.errors import BadInput
from acquire.prefilter.scorecard import ScorecardSettings
from acquire.prefilter.terms import check_terms

FEATURES = (Feature(name="bureau_score", kind="numeric"), Feature(name="employment", kind="category"))
GOOD = RiskTerms(
    special_codes={"bureau_score": (-999, 96), "employment": ("X",)}, direction={"bureau_score": "falling"}
)


def test_terms_that_fit_the_features_are_taken_over_into_the_settings() -> None:
    check_terms(GOOD, FEATURES)
    settings = ScorecardSettings.of(replace(GOOD, unseen="worst"))
    assert settings.special_codes == GOOD.special_codes
    assert settings.direction == GOOD.direction
    assert settings.unseen == "worst"
    assert replace(settings, special_codes={}, direction={}, unseen="pooled") == ScorecardSettings()


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        (
            RiskTerms(special_codes={"bureau_scor": (96,)}),
            r"\[risk\] special_codes names bureau_scor, which is no feature; did you mean bureau_score\?",
        ),
        (
            RiskTerms(direction={"zzz": "rising"}),
            r"\[risk\] direction names zzz, which is no feature; name a column that both tables have, or take it out",
        ),
        (RiskTerms(direction={"employment": "rising"}), "employment, which is a category and has no direction"),
        (RiskTerms(special_codes={"bureau_score": ("96",)}), "holds '96', but bureau_score is a number; give the code"),
        (RiskTerms(special_codes={"employment": (96,)}), "holds 96, but employment is a category; give the code as a"),
    ],
)
def test_terms_that_do_not_fit_the_features_stop_in_one_line(terms: RiskTerms, line: str) -> None:
    with pytest.raises(BadInput, match=line) as stopped:
        check_terms(terms, FEATURES)
    assert "\n" not in str(stopped.value)
