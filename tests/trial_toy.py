"""A shard that takes no time: what the runner of trials is tested with. Workers import it by name."""

from __future__ import annotations

import hashlib
import io
import os
import random
import time
from pathlib import Path

SHARDS = 12
STUDY = '{"toy": true}'
KNOWLEDGE = "ab" * 32


def toy_shard(study_json: str, shard: int, knowledge_sha256: str) -> bytes:
    """A hundred numbers that depend on study and shard alone."""
    import pyarrow
    import pyarrow.parquet

    draw = random.Random(f"{study_json} {shard}")
    table = pyarrow.table(
        {"person": range(100 * shard, 100 * shard + 100), "gain": [draw.random() for _ in range(100)]}
    )
    marks = {
        "study_sha256": hashlib.sha256(study_json.encode()).hexdigest(),
        "knowledge_sha256": knowledge_sha256,
        "shard": str(shard),
    }
    out = io.BytesIO()
    pyarrow.parquet.write_table(table.replace_schema_metadata(marks), out)
    return out.getvalue()


def slow_shard(study_json: str, shard: int, knowledge_sha256: str) -> bytes:
    """The same, in a quarter of a second."""
    time.sleep(0.25)
    return toy_shard(study_json, shard, knowledge_sha256)


def failing_shard(study_json: str, shard: int, knowledge_sha256: str) -> bytes:
    """The same, but for shard 7."""
    if shard == 7:
        raise ArithmeticError("the seventh fails")
    return toy_shard(study_json, shard, knowledge_sha256)


def deadly_shard(study_json: str, shard: int, knowledge_sha256: str) -> bytes:
    """Shard 3 ends the process that computes it, every time."""
    if shard == 3:
        os._exit(9)
    return toy_shard(study_json, shard, knowledge_sha256)


def greedy_shard(study_json: str, shard: int, knowledge_sha256: str) -> bytes:
    """Shard 2 needs more memory than a worker may have."""
    if shard == 2:
        held = []
        for _ in range(40):
            held.append(bytearray(os.urandom(1 << 16)) * (1 << 10))  # 64 MiB that are really there
            time.sleep(0.1)
    return toy_shard(study_json, shard, knowledge_sha256)


def threads_shard(study_json: str, shard: int, knowledge_sha256: str) -> bytes:
    """Says which process computed it and with how many threads, in a file of the folder named in the study."""
    Path(study_json, f"{os.getpid()}-{os.environ.get('NUMBA_NUM_THREADS')}").touch()
    return toy_shard(study_json, shard, knowledge_sha256)
