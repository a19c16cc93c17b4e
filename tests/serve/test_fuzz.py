"""Requests made from the app's own description: whatever they hold, the answer is one that it describes."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as described

from passerby.serve.app import app
from passerby.serve.inside import Inside
from serve.served import EMBEDDER, ListLedger, filled, listening

INSIDE = Inside(gallery=filled(), embedder=EMBEDDER, ledger=ListLedger())
SCHEMA = schemathesis.openapi.from_dict(app(INSIDE).openapi())
CHECKS = [
    checks.not_a_server_error,
    described.status_code_conformance,
    described.content_type_conformance,
    described.response_schema_conformance,
]


@pytest.fixture(scope="module")
def address():
    with listening(INSIDE) as (host, port):
        yield f"http://{host}:{port}"


@SCHEMA.parametrize()
@settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_a_server_error(case, address):
    case.call_and_validate(base_url=address, checks=CHECKS)
