"""What can be wrong with an activity that somebody reports."""

from ledger.kernel.errors import CalculationFailed, InvalidEmissionData


class UnknownUnit(InvalidEmissionData):
    """A unit that nobody knows, or that means two things."""


class UnitDoesNotFit(InvalidEmissionData):
    """A unit that measures something else than the factor does."""


class NothingToMeasure(InvalidEmissionData):
    """Neither an amount of CO2e nor anything that one could be derived from."""


class DetailMissing(InvalidEmissionData):
    """A detail that decides which factor is meant."""


class RegionNeeded(DetailMissing):
    """Where it happened, when that decides and nobody said so."""


class UnknownFactor(InvalidEmissionData):
    """A factor, or a set of them, that is not shipped."""


class NoFactor(CalculationFailed):
    """Nothing that is shipped measures this activity."""
