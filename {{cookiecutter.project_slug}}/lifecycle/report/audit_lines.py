"""The audit as lines of text: one for each version, or everything about one."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle.registry.record import Record


def summary(record: "Record") -> str:
    metric = next((f", {name} {value:.4g}" for name, value in record.metrics.items() if isinstance(value, float)), "")
    now = "".join(f", {move['stage']} now" for move in record.moves if move["now"])
    return f"{record.version} {record.date}, commit {record.commit[:9]}, by {record.by}{metric}{now}."


def trace(record: "Record", artifact: str) -> list[str]:
    tag = f"{artifact}@{record.version}"
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in record.metrics.items() if isinstance(value, float))
    approved = ", ".join(record.approved_by) or "nobody"
    lines = [
        f"{record.version} was registered {record.date} by {record.by}; approved by {approved}; gate: {record.gate}.",
        *map(move_line, record.moves),
        *map(deployment_line, record.deployments),
        f"Commit: {record.commit} (`git show {tag}`).",
        f"Hash of dvc.lock: {record.lock}; hash of the model: {record.model}.",
        f"Metrics: {metrics}.",
        *(f"Data: {path}, hash {md5}." for path, md5 in record.data.items()),
    ]
    rows = next((path for path, _ in record.stored.values() if path.endswith("train.parquet")), "")
    if rows:
        command = f"uv run dvc get . {rows} --rev {tag} -o train-{record.version}.parquet"
        lines.append(f"To get its {record.rows} training rows: `{command}`.")
    return lines


def move_line(move: dict[str, Any]) -> str:
    reason = f": {move['reason']}" if move["reason"] else ""
    now = ", current." if move["now"] else "."
    what = f"{move['kind']} {'of' if move['kind'] == 'rollback' else 'to'} {move['stage']}"
    return f"{move['date']}: {what} by {move['by']} ({move['tag']}){reason}{now}"


def deployment_line(deployment: dict[str, Any]) -> str:
    reason = f": {deployment['reason']}" if deployment["reason"] else ""
    what = f"deployment to {deployment['stage']} {deployment['outcome']}"
    return f"{deployment['date']}: {what}, recorded by {deployment['by']} ({deployment['name']}){reason}."
