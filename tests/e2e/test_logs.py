"""What a run keeps of the requests that it answered."""

import json

from ccm.logs import LOG_FILE
from tests.e2e.server import Server


def test_a_request_is_found_by_its_id_and_tells_nothing_of_who_sent_it(server: Server) -> None:
    key, user = (server.accounts["household"][name] for name in ("apiKey", "userId"))
    answer = server.client("household").get("/credits/balance")
    request_id = answer.headers["x-request-id"]

    log = (server.data / LOG_FILE).read_text()
    (line,) = [line for line in log.splitlines() if request_id in line]
    told = json.loads(line)
    assert (told["level"], told["logger"], told["requestId"]) == ("INFO", "ccm.api.access", request_id)
    assert (told["method"], told["status"]) == ("GET", 200)
    assert told["route"].endswith("/credits/balance")
    assert told["time"].endswith("Z")
    for secret in (key, user):
        assert secret not in log
        assert secret not in server.errors
    assert request_id not in server.errors, "the error stream is for warnings"
