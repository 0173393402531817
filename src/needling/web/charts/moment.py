"""Reading at one moment: what is read sees no write that comes in between, and nobody who writes has to wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_SEES_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything that is read inside is as it was at the first read. Inside of a transaction that transaction holds.

    It is said of this transaction alone: the connection goes on with others, and those write.
    """
    if connection.in_atomic_block:
        yield
        return
    block = transaction.atomic()
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        usual, connection.transaction_mode = connection.transaction_mode, None  # to read needs no turn among writers
        try:
            block.__enter__()
        finally:
            connection.transaction_mode = usual
    else:
        block.__enter__()
        with connection.cursor() as cursor:
            cursor.execute(_SEES_ONE_MOMENT)
    try:
        yield
    except BaseException as problem:
        block.__exit__(type(problem), problem, problem.__traceback__)
        raise
    block.__exit__(None, None, None)
