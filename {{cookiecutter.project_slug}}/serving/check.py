"""Checks rows of a request against the contract: the rules of pipeline/table and pipeline/validation for one row.

The checks are compiled once per contract; `tests/test_service_check.py` compares them with the pipeline's.
"""

from pipeline.contract.schema import Contract
from serving.cells import Cell
from serving.columns import Fault, cell_check, shown

Row = dict[str, Cell]


class Check:
    """The compiled checks of a contract."""

    def __init__(self, contract: Contract) -> None:
        self.cells = {name: cell_check(column) for name, column in contract.features.items()}
        self.items = tuple(self.cells.items())
        self.known = contract.columns.keys()

    def row(self, given_row: object, number: int) -> tuple[Row, list[Fault]]:
        """The typed features of a row, and what is wrong with it."""
        if not isinstance(given_row, dict):
            return {}, [Fault("type", "a row must be an object of column names and values", row=number)]
        row: Row = {}
        faults: list[Fault] = []
        for name, cell in self.items:
            try:
                row[name] = cell(given_row[name])
            except KeyError:
                fault = Fault("absent", "this column is missing: give a value, or null if it is not known")
                faults.append(_placed(fault, name, number))
            except Fault as fault:
                faults.append(_placed(fault, name, number))
        if len(given_row) > len(row) or faults:
            faults += [
                Fault("unknown", "the contract has no such column", [*self.cells], shown(name), number)
                for name in given_row
                if name not in self.known
            ]
        return row, faults

    def rows(self, rows: list[object], start: int = 0) -> tuple[list[Row], list[Fault]]:
        """The typed rows, and the faults of all."""
        checked = [self.row(row, number) for number, row in enumerate(rows, start)]
        return [row for row, _ in checked], [fault for _, faults in checked for fault in faults]


def _placed(fault: Fault, column: str, row: int) -> Fault:
    fault.column, fault.row = column, row
    return fault
