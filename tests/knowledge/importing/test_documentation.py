from pathlib import Path

from knowledge.importing.mapping import FIELDS, TYPES


def test_the_table_of_the_documentation_is_the_mapping(project_root: Path) -> None:
    rows = [line.split(" | ") for line in (project_root / "docs" / "import.md").read_text().splitlines()]
    table = {row[0].strip("| "): row[1] for row in rows if len(row) == 4}
    for field, names in FIELDS.items():
        assert table[field] == ", ".join(f"`{name}`" for name in names)
    text = (project_root / "docs" / "import.md").read_text()
    assert [name for name in TYPES if f"`{name}`" not in text] == []
