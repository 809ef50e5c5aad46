"""Which rule set decides for each organization: one file is its home, and stays it.

A second file of an organization, such as somebody's copy, never takes over. An organization whose
file went keeps its set while its text may stand in another file: one that was refused, or one that
nobody got to.
"""

from collections.abc import Collection, Mapping

from msgspec import Struct

from rules_engine.compile import CompiledRuleSet


class Swapped(Struct, frozen=True):
    """What a swap changed. `applied`: sets that decide from now on, each with the one that did so
    before; `removed`: the file of each organization that has no rules any more; `ignored`: files
    that stand beside an organization's home since now."""

    applied: list[tuple[CompiledRuleSet, CompiledRuleSet | None]]
    removed: dict[str, str]
    ignored: dict[str, str]


class InForce:
    """`sets`: by organization, replaced as a whole."""

    def __init__(self) -> None:
        self.sets: Mapping[str, CompiledRuleSet] = {}
        self.homes: Mapping[str, str] = {}
        """The file that each organization's rules come from."""
        self.ignored: Mapping[str, str] = {}
        """Files beside an organization's own one, and that one."""
        self._leaving: Collection[str] = ()
        """Organizations that no file had at the last look."""

    def swap(
        self, good: Mapping[str, CompiledRuleSet], refused: Collection[str], *, all_proven: bool
    ) -> Swapped:
        """`good`: by file what may decide; `refused`: organizations of which a text does not;
        `all_proven` False: some texts nobody got to."""
        homes = self._homes_of(good)
        fresh = {organization: good[file] for organization, file in homes.items()}
        gone = self.sets.keys() - fresh.keys()
        for organization in gone:
            moving = organization not in self._leaving  # files may just be changing places
            if moving or not all_proven or organization in refused:
                fresh[organization] = self.sets[organization]
                homes[organization] = self.homes[organization]
        beside = {f: homes[c.organization_id] for f, c in sorted(good.items())}
        ignored = {file: home for file, home in beside.items() if file != home}
        before = self.sets
        swapped = Swapped(
            [(s, before.get(name)) for name, s in fresh.items() if before.get(name) is not s],
            {name: self.homes[name] for name in before if name not in fresh},
            {file: home for file, home in ignored.items() if file not in self.ignored},
        )
        self.sets, self.homes, self.ignored, self._leaving = fresh, homes, ignored, gone
        return swapped

    def _homes_of(self, good: Mapping[str, CompiledRuleSet]) -> dict[str, str]:
        """The first file of each organization, but the one that is its home already."""
        homes: dict[str, str] = {}
        for file, compiled in sorted(good.items()):
            homes.setdefault(compiled.organization_id, file)
        for organization, file in self.homes.items():
            if file in good and good[file].organization_id == organization:
                homes[organization] = file
        return homes
