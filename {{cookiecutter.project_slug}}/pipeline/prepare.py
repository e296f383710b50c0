"""Splits the validated table into training rows and test rows.

Reads data/raw.csv and data/schema.yaml; writes data/train.parquet, data/test.parquet and data/profile.json, the profile
of the training rows that monitoring compares with.
"""

from pipeline.contract import schema
from pipeline.profile import profile
from pipeline.run.files import write_json, write_table
from pipeline.run.settings import params
from pipeline.run.stage import stage
from pipeline.split.settings import Prepare
from pipeline.split.split import one_sided_classes, split
from pipeline.table.read import read
from pipeline.table.types import typed


@stage
def main(table_path: str, contract_path: str, train_path: str, test_path: str, profile_path: str) -> None:
    """Split the table and profile the training rows."""
    settings = params("prepare", Prepare)
    contract = schema.load(contract_path)
    table = read(table_path)
    data, _ = typed(table, contract)
    train, test = split(table, data, contract, settings)
    warned = one_sided_classes(train, test, contract.target) if contract.task == "classification" else []
    dropped = int(data[contract.target].isna().sum())
    if known := len(data) - dropped - len(train) - len(test):
        warned.append(
            f"{known} of the newest rows were left out: their {settings.split_on[0]} is among the training rows"
        )
    write_table(train, train_path)
    write_table(test, test_path)
    write_json(profile(train, contract) | {"rows_without_target": dropped, "warnings": warned}, profile_path)
    print(f"prepare: {len(train)} training rows, {len(test)} test rows; {dropped} rows without a target left out")
    for warning in warned:
        print(f"prepare: warning: {warning}")
