"""Which request a Worker's change is named after: only one that is certain."""

from __future__ import annotations

import pytest
from kvlens.worker.requests import ARRIVES, MOST_ENDED, WAITS, Requests
from kvlens.worker.script import plain_script

PLAIN = "export default { fetch(request, env) { return new Response() } }"
WAITING = "export default { fetch(request, env, ctx) { ctx.waitUntil(env.A.put('k', 'v')) } }"

CASES: dict[str, tuple[str, list[str | float], str]] = {
    # id: (script, begins (+), ends (-) and seconds that pass, name)
    "none": (PLAIN, [], ""),
    "one": (PLAIN, ["+POST /cart"], "POST /cart"),
    "without its query": (PLAIN, ["+GET /a?token=1"], "GET /a"),
    "without its host": (PLAIN, ["+GET http://localhost:8787/a?token=1"], "GET /a"),
    "two at once": (PLAIN, ["+POST /cart", "+GET /a"], ""),
    "two of the same": (PLAIN, ["+POST /cart", "+POST /cart"], "POST /cart"),
    "right after another": (PLAIN, ["+GET /a", "-GET /a", "+POST /cart"], ""),
    "right after the same": (PLAIN, ["+GET /a", "-GET /a", "+GET /a"], "GET /a"),
    "some time after another": (PLAIN, ["+GET /a", "-GET /a", ARRIVES * 2, "+GET /b"], "GET /b"),
    "after a response": (PLAIN, ["+GET /a", "-GET /a"], "GET /a"),
    "long after a response": (PLAIN, ["+GET /a", "-GET /a", ARRIVES * 2], ""),
    "another may wait": (WAITING, ["+GET /a", "-GET /a", 5.0, "+GET /b"], ""),
    "no other can wait": (WAITING, ["+GET /a", "-GET /a", WAITS * 2, "+GET /b"], "GET /b"),
}


@pytest.mark.parametrize(("script", "events", "name"), CASES.values(), ids=CASES)
def test_a_request_is_named_if_it_is_certain(
    script: str, events: list[str | float], name: str
) -> None:
    now = [100.0]
    requests = Requests(lambda: now[0])
    requests.run(plain_script(script))
    for event in events:
        if isinstance(event, float):
            now[0] += event
            continue
        method, target = event[1:].split(" ")
        if event[0] == "+":
            requests.begin(method, target)
        else:
            requests.end(event[1:])
    assert requests.origin()[:2] == ("Worker", name)


def test_changes_of_one_request_belong_together() -> None:
    requests = Requests()
    requests.run(plain_script(PLAIN))
    requests.begin("GET", "/a")
    first, second = requests.origin(), requests.origin()
    assert first.action == second.action != ""
    requests.begin("GET", "/a")
    assert requests.origin().action == ""


def test_it_forgets_no_doubt_among_very_many_requests() -> None:
    requests = Requests(lambda: 0.0)
    for number in range(MOST_ENDED * 3):
        requests.end(requests.begin("GET", f"/{number}"))
    assert requests.origin().title == ""
    assert len(requests._ended) <= MOST_ENDED + 1
