"""A pytest plugin for mutants: a failing example kills as well before it is shrunk, in a fraction of the time."""

from hypothesis import Phase, settings

settings.register_profile("mutants", phases=(Phase.explicit, Phase.generate))
settings.load_profile("mutants")
