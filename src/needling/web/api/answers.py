"""What the API answers: documents with who signed them, pages of lists, and problems with what to do about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic import ValidationError as NotADocument

from needling.documents import Document, Id, Sha256
from needling.errors import NeedlingError, NotAllowed
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import Superseded, read

D = TypeVar("D")
_Doc = TypeVar("_Doc", bound=Document)
_JSON = "application/json"
_BODY = 64


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Where(_Answer):
    """One place in what was sent, and what is wrong there."""

    at: str
    says: str


class Problem(_Answer):
    """Why a request was not done, and what to do. Nothing was stored."""

    says: str
    do: str
    where: tuple[Where, ...] = ()


class Listed(_Answer):
    """One signed document without its text."""

    id: UUID
    kind: str
    at: AwareDatetime
    by: Id
    sha256: Sha256
    needling: str
    knowledge_sha256: Sha256
    supersedes: UUID | None
    in_force: bool


class Signed(Listed, Generic[D]):
    """One signed document. ``sha256`` is of its canonical form: UTF-8 JSON, keys sorted, no spaces."""

    document: D


class Page(_Answer, Generic[D]):
    """One page of a list."""

    items: tuple[D, ...]
    page: int
    pages: int
    total: int


ERRORS: dict[Any, Any] = {frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429}): Problem}
"""What every address may answer besides."""


def answer(said: BaseModel, status: int = 200) -> HttpResponse:
    """A document or an answer as JSON, exactly as it was signed: no number and no time is rounded."""
    return HttpResponse(said.model_dump_json(), status=status, content_type=_JSON)


def listed(row: Row) -> Listed:
    """A row without its document."""
    return Listed(**_of(row))


def signed(row: Row, document: type[_Doc]) -> Signed[_Doc]:
    """A row with its document."""
    return Signed[document](**_of(row), document=read(row, document))  # type: ignore[valid-type]


def _of(row: Row) -> dict[str, Any]:
    replaced = getattr(row, "replaced", None)
    return {
        "id": row.id, "kind": Kind(row.kind).value, "at": row.at, "by": row.author.signature, "sha256": row.sha256,
        "needling": row.needling, "knowledge_sha256": row.knowledge_sha256, "supersedes": row.supersedes_id,
        "in_force": not (row.__class__.objects.filter(supersedes=row).exists() if replaced is None else replaced),
    }  # fmt: skip


# ---------------------------------------------------------------- problems


def problem(status: int, says: str, do: str, where: Iterable[Where] = ()) -> HttpResponse:
    """A problem as JSON."""
    return answer(Problem(says=says, do=do, where=tuple(where)), status)


class Refused(Exception):
    """A request that cannot be done as things are: a status, why, what to do, and places in what was sent."""

    def __init__(self, status: int, says: str, do: str, where: Iterable[Where] = ()) -> None:
        super().__init__(says)
        self.status, self.says, self.do, self.where = status, says, do, tuple(where)


def _places(errors: Iterable[Any]) -> list[Where]:
    return [Where(at=".".join(map(str, one["loc"])), says=str(one["msg"])) for one in errors]


def _invalid(request: HttpRequest, wrong: Any) -> HttpResponse:
    errors = wrong.errors() if isinstance(wrong, NotADocument) else wrong.errors
    return problem(422, "What was sent cannot be used.", "Mend the places that are named.", _places(errors))


def _needling(request: HttpRequest, wrong: NeedlingError) -> HttpResponse:
    if isinstance(wrong, Superseded):
        return problem(409, str(wrong), "Read the version in force, and name it in 'supersedes'.")
    if isinstance(wrong, NotAllowed):
        return problem(403, str(wrong), "Ask somebody whose role allows it, or change what it names.")
    return problem(422, str(wrong), "Mend what it names, and send it again.")


def _http(request: HttpRequest, wrong: HttpError) -> HttpResponse:
    if wrong.status_code == 403:
        return problem(403, str(wrong), "Use a token of somebody in such a role.")
    return problem(wrong.status_code, "What was sent is not JSON.", "Send JSON in UTF-8, as the description says.")


def _too_often(request: HttpRequest, wrong: Throttled) -> HttpResponse:
    seconds = max(int(wrong.wait or 0), 1)
    said = problem(429, "This token asks too often.", f"Wait {seconds} s, then go on more slowly.")
    said["Retry-After"] = str(seconds)
    return said


def _unknown(request: HttpRequest, wrong: AuthenticationError) -> HttpResponse:
    said = problem(
        401, "There is no token that may be used.",
        "Make one on the page 'Tokens' and send it as 'Authorization: Bearer needling_...'.",
    )  # fmt: skip
    said["WWW-Authenticate"] = "Bearer"
    return said


def not_here(request: HttpRequest, wrong: Any = None, **_: Any) -> HttpResponse:
    """Nothing is at this address, or not for this user: both look alike."""
    return problem(404, "There is nothing at this address.", "Look at the list of addresses on /api/.")


def _too_large(request: HttpRequest, wrong: SuspiciousOperation) -> HttpResponse:
    return problem(413, "What was sent is too large.", f"Send less than {_BODY} KiB.")


def _refused(request: HttpRequest, wrong: Refused) -> HttpResponse:
    return problem(wrong.status, wrong.says, wrong.do, wrong.where)


def answer_problems(api: NinjaAPI) -> None:
    """From now on every problem of an API is told as JSON."""
    for kind, told in (
        (ValidationError, _invalid), (NotADocument, _invalid), (NeedlingError, _needling), (HttpError, _http),
        (Throttled, _too_often), (AuthenticationError, _unknown), (Http404, not_here),
        (SuspiciousOperation, _too_large), (Refused, _refused),
    ):  # fmt: skip
        api.add_exception_handler(kind, told)  # type: ignore[arg-type]


def only_json(view: Any) -> Any:
    """A view whose refusal of a method is JSON too, and whose answers are kept by nobody."""

    def told(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        said = view(request, *given, **named)
        if said.status_code == 405 and said.get("Content-Type") != _JSON:
            allowed = said["Allow"]
            said = problem(405, f"This address does not know {request.method}.", f"Use {allowed}.")
            said["Allow"] = allowed
        said["Cache-Control"] = "no-store"
        return said

    told.csrf_exempt = True  # type: ignore[attr-defined] # no cookie is looked at
    return told
