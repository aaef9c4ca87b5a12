"""What the client makes of a node's answers, against a small server that answers what a test says."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bouya import Hash, Key, Node, actions, errors, sha256, views

ALICE, BOB = Key(bytes([1] * 32)), Key(bytes([2] * 32))
NETWORK = sha256(b"a network")
STATUS = {
    "id": "alice",
    "version": "0.1.0",
    "state": {"name": "ready", "ready": True, "reason": "up to date"},
    "network": {
        "id": str(NETWORK),
        "name": "acme",
        "symbol": "ACM",
        "decimals": 6,
        "interval_ms": 5000,
        "min_fee_per_byte": "2",
        "version": 3,
        "gas_per_block": "100000000",
    },
    "tip": {"height": 7, "hash": "07" * 32, "time": "2026-11-20T00:00:00Z", "work": "340282366920938463463", "lowest_block": 1},
    "final": {"height": 5, "hash": "05" * 32, "behind": 2, "turnout": {"heard": 1, "members": 1, "needed": 1, "missing": []}},
    "peers": {"connected": 3, "known": 4},
    "mempool": {"transactions": 0, "bytes": 0},
    "reward_to": str(ALICE.address),
    "started": "2026-11-20T00:00:00.123Z",
    "new": "what a newer node adds is passed over",
}
JSON, PROBLEM = "application/json", "application/problem+json"
Answer = tuple[int, str, bytes]


def said(value: object, status: int = 200, kind: str = JSON) -> Answer:
    return status, kind, json.dumps(value).encode()


def trouble(kind: str, status: int) -> Answer:
    return said({"type": f"urn:bouya:{kind}", "title": "No", "status": status, "detail": f"about {kind}"}, status, PROBLEM)


class Fake:
    """Answers by path, and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[bytes], Answer]] = {"/v1/status": lambda _: said(STATUS)}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.streams: list[bytes | Answer] = []
        self.holds: threading.Event | None = None
        self.hangs_up = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.partition("?")[0]
                found = fake.answers.get(self.path) or fake.answers.get(path) or (lambda _: trouble("not-found", 404))
                answer: bytes | Answer | None = fake.streams.pop(0) if path in ("/v1/events", "/v1/feed/stream") and fake.streams else None
                if isinstance(answer, bytes):
                    return self.stream(answer)
                status, kind, content = answer or found(body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                if fake.hangs_up:
                    # As a server does that closes idle connections: without a word.
                    fake.hangs_up -= 1
                    self.close_connection = True

            do_POST = do_GET

            def stream(self, text: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(text)
                if fake.holds:
                    self.wfile.flush()
                    fake.holds.wait(60)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def fake() -> Iterator[Fake]:
    fake = Fake()
    yield fake
    fake.close()


@pytest.fixture
def node(fake: Fake) -> Iterator[Node]:
    with Node(fake.url) as node:
        yield node


def test_a_status_is_read_into_types(node: Node) -> None:
    status = node.status()
    assert status.network.id == NETWORK
    assert status.tip.work == 340282366920938463463
    assert status.started.microsecond == 123_000
    assert status.reward_to == ALICE.address
    assert node.coin.format(1_500_000) == "1.5"


def test_what_is_no_nodes_answer_is_told_apart(fake: Fake, node: Node) -> None:
    for answer in [
        said({**STATUS, "tip": None}),
        said([]),
        (200, "text/html", b"<html>"),
        said({**STATUS, "reward_to": "x"}),
        (302, "text/html", b""),
    ]:
        fake.answers["/v1/status"] = lambda _, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(errors.UnexpectedAnswer):
            node.status()


def test_another_network_is_refused_before_anything_is_signed(fake: Fake) -> None:
    with Node(fake.url, network=sha256(b"another")) as node, pytest.raises(errors.WrongNetwork):
        node.transfer(ALICE, BOB.address, 1)
    assert [path for path, _ in fake.asked] == ["/v1/status"]


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("not-found", 404, errors.NotFound),
        ("pruned", 410, errors.Pruned),
        ("bad-request", 400, errors.BadRequest),
        ("invalid-transaction", 400, errors.BadRequest),
        ("wrong-host", 403, errors.Forbidden),
        ("ambiguous", 409, errors.Refused),
        ("nonce-taken", 409, errors.NonceTaken),
        ("wrong-nonce", 409, errors.NonceTaken),
        ("confirmed", 409, errors.AlreadyConfirmed),
        ("low-fee", 422, errors.LowFee),
        ("expired", 422, errors.Expired),
        ("insufficient-balance", 422, errors.InsufficientBalance),
        ("too-many-waiting", 429, errors.Busy),
        ("internal", 500, errors.NodeFault),
        ("busy", 503, errors.Busy),
        ("what-a-newer-node-says", 418, errors.BadRequest),
    ],
)
def test_problems_become_errors_of_their_own(kind: str, status: int, expected: type[errors.ApiError], fake: Fake, node: Node) -> None:
    fake.answers["/v1/status"] = lambda _: trouble(kind, status)
    with pytest.raises(expected) as raised:
        node.status()
    error = raised.value
    assert type(error) is expected
    assert (error.kind, error.status, error.detail) == (kind, status, f"about {kind}")


def test_a_problem_tells_programs_what_would_do(fake: Fake, node: Node) -> None:
    document = {"type": "urn:bouya:slot-taken", "title": "No", "status": 409, "detail": "pay more", "by": "05" * 32, "least_fee": "1.5", "new": {}}
    fake.answers["/v1/status"] = lambda _: said(document, 409, PROBLEM)
    with pytest.raises(errors.NonceTaken) as raised:
        node.status()
    assert raised.value.values == errors.ProblemValues(by="05" * 32, least_fee="1.5")
    fake.answers["/v1/status"] = lambda _: said(document | {"least_fee": 7}, 409, PROBLEM)
    with pytest.raises(errors.Refused) as unreadable:
        node.status()
    assert unreadable.value.kind == "unknown"


def test_a_proxys_error_page_is_a_problem_too(fake: Fake, node: Node) -> None:
    for status, expected in [(502, errors.Busy), (401, errors.Forbidden), (500, errors.NodeFault)]:
        fake.answers["/v1/status"] = lambda _, status=status: (status, "text/html", b"<html>no</html>")  # type: ignore[misc]
        with pytest.raises(expected):
            node.status()


def test_a_node_that_is_not_there_is_unreachable(fake: Fake) -> None:
    fake.server.socket.close()
    with Node(fake.url) as node:
        with pytest.raises(errors.NodeUnreachable, match="is the node running"):
            node.status()
        with pytest.raises(errors.NodeUnreachable):
            node.events()
    for wrong in ("127.0.0.1:5000", "ftp://alice", "http://"):
        with pytest.raises(ValueError, match="no URL"):
            Node(wrong)


def test_a_connection_that_was_closed_meanwhile_is_opened_again(fake: Fake, node: Node) -> None:
    fake.hangs_up = 3
    assert {node.status().id for _ in range(5)} == {"alice"}


def test_all_pages_are_read_and_only_as_far_as_is_asked(fake: Fake, node: Node) -> None:
    def movement(height: int) -> dict[str, object]:
        fixed = {"direction": "in", "amount": "0.5", "fee": "0", "counterparties": [], "memo": "", "action": "transfer"}
        return {"height": height, "time": "2026-11-20T00:00:00Z", **fixed}

    path = f"/v1/accounts/{ALICE.address}/transactions"
    fake.answers[f"{path}?limit=100"] = lambda _: said({"items": [movement(3)], "next": "a b"})
    fake.answers[f"{path}?limit=100&from=a+b"] = lambda _: said({"items": [], "next": "c"})
    fake.answers[f"{path}?limit=100&from=c"] = lambda _: said({"items": [movement(1)], "next": None})
    assert [(one.height, one.amount) for one in node.history(ALICE.address)] == [(3, 500_000), (1, 500_000)]
    fake.asked.clear()
    assert next(node.history(ALICE.address)).height == 3
    assert len(fake.asked) == 1


def account(nonce: int) -> Answer:
    return said({"address": str(ALICE.address), "balance": "1", "nonce": nonce, "confirmations": 0})


class Mempool:
    """Takes transactions as a node does, and lets others be quicker for a while."""

    def __init__(self, fake: Fake, overtaken: int = 0, by: str = "nonce-taken") -> None:
        self.overtaken, self.by, self.nonce = overtaken, by, 0
        self.taken: list[Any] = []
        fake.answers[f"/v1/accounts/{ALICE.address}"] = lambda _: account(self.nonce)
        fake.answers["/v1/transactions"] = self.take

    def take(self, body: bytes) -> Answer:
        from bouya import Transaction

        transaction = Transaction.decode(body)
        transaction.check(NETWORK)
        if self.overtaken:
            self.overtaken, self.nonce = self.overtaken - 1, self.nonce + 1
            return trouble(self.by, 409) if self.by != "known" else said({"id": str(transaction.id), "known": True}, 202)
        self.taken.append(transaction)
        return said({"id": str(transaction.id)}, 202)


def test_what_is_sent_is_signed_for_the_network_and_pays_the_least_fee(fake: Fake, node: Node) -> None:
    mempool = Mempool(fake)
    sent = node.transfer(ALICE, BOB.address, 12_500_000, "rent")
    assert mempool.taken == [sent.transaction]
    assert sent.id == sent.transaction.id
    assert (sent.transaction.fee, sent.transaction.valid_until) == (2 * len(bytes(sent.transaction)), 1_007)


@pytest.mark.parametrize("by", ["nonce-taken", "wrong-nonce", "confirmed", "known"])
def test_who_is_overtaken_signs_again_with_the_next_nonce(by: str, fake: Fake, node: Node) -> None:
    mempool = Mempool(fake, overtaken=3, by=by)
    assert node.record_data(ALICE, "prices", b"wheat 212.50").transaction.nonce == 3
    assert len(mempool.taken) == 1


def test_other_refusals_are_not_tried_again(fake: Fake, node: Node) -> None:
    Mempool(fake, overtaken=99, by="low-fee")
    with pytest.raises(errors.LowFee):
        node.transfer(ALICE, BOB.address, 1)
    assert len([path for path, _ in fake.asked if path == "/v1/transactions"]) == 1


def test_what_may_have_been_taken_is_never_signed_again(fake: Fake, node: Node) -> None:
    mempool = Mempool(fake)
    take = fake.answers["/v1/transactions"]

    def cut(body: bytes) -> Answer:
        take(body)
        raise ConnectionAbortedError("the node takes it, and dies before it answers")

    undecided = [cut, lambda body: [take(body), (504, "text/html", b"")][1], lambda body: [take(body), (202, JSON, b"?")][1]]
    for answer in undecided:
        # A kept connection, on which a question would be asked again.
        node.status()
        fake.answers["/v1/transactions"] = answer
        with pytest.raises(errors.MaybeSent) as raised:
            node.transfer(ALICE, BOB.address, 1)
        assert mempool.taken == [raised.value.transaction]
        # The same one again does no harm.
        fake.answers["/v1/transactions"] = lambda body: said({"id": str(raised.value.transaction.id), "known": True}, 202)
        assert node.submit(raised.value.transaction).known
        mempool.taken.clear()


def test_what_is_valid_nowhere_is_not_sent(fake: Fake, node: Node) -> None:
    mempool = Mempool(fake)
    with pytest.raises(errors.InvalidTransaction):
        node.transfer(ALICE, BOB.address, 0)
    assert mempool.taken == []


def test_a_list_is_answered_one_by_one(fake: Fake, node: Node) -> None:
    Mempool(fake)
    both = [node.prepare(ALICE, actions.Withdraw(NETWORK), nonce=nonce) for nonce in (0, 1)]
    refused = json.loads(trouble("low-fee", 422)[2])
    fake.answers["/v1/transactions"] = lambda _: said([{"id": str(both[0].id)}, {"id": str(both[1].id), "problem": refused}], 202)
    taken, problem = node.submit_all(both)
    assert taken == views.Submitted(both[0].id)
    assert isinstance(problem, errors.LowFee)
    with pytest.raises(ValueError, match="give 1 to"):
        node.submit_all([])


def shown(id: Hash, **more: object) -> dict[str, object]:
    fixed = {"sender": str(ALICE.address), "nonce": 0, "fee": "0.1", "valid_until": "9", "size": 171}
    action = {"type": "transfer", "outputs": [{"to": str(BOB.address), "amount": "2", "name": None}], "memo": ""}
    return {"id": str(id), "status": "confirmed", "confirmations": 1, "final": False, "height": 3, "action": action, **fixed, **more}


def test_a_document_can_be_given_by_its_hash_alone(fake: Fake, node: Node) -> None:
    Mempool(fake)
    sent = node.record_document(ALICE, "contracts", sha256(b"lease"))
    assert sent.transaction.action == actions.Record("contracts", actions.Document(sha256(b"lease"), ""))


def test_an_agreement_about_another_document_is_not_signed(fake: Fake, node: Node) -> None:
    id = sha256(b"agreement")
    fake.answers[f"/v1/agreements/{id}"] = lambda _: said(
        {
            "id": str(id),
            "title": "Lease",
            "document": str(sha256(b"their lease")),
            "proposer": str(BOB.address),
            "deadline": "2026-12-24T12:00:00Z",
            "status": "open",
            "settled": False,
            "confirmations": 0,
            "final": False,
            "proposed": {"height": 1, "time": "2026-11-20T00:00:00Z", "transaction": "00" * 32},
            "parties": [{"address": str(ALICE.address), "late": False, "answer": None, "at": None}],
        }
    )
    mempool = Mempool(fake)
    with pytest.raises(errors.OtherDocument):
        node.sign(ALICE, id, b"my lease")
    assert mempool.taken == []
    assert node.sign(ALICE, id, b"their lease").transaction.action == actions.Respond(id, sha256(b"their lease"), True)
    assert node.refuse(ALICE, id).transaction.action == actions.Respond(id, sha256(b"their lease"), False)


def test_a_deadline_after_the_year_9999_hides_no_transaction(fake: Fake, node: Node) -> None:
    id = sha256(b"transaction")
    far = {"type": "propose", "agreement": "00" * 32, "title": "", "document": "00" * 32, "parties": [], "deadline": "253402300800000 ms"}
    fake.answers[f"/v1/transactions/{id}"] = lambda _: said(shown(id, action=far))
    action = node.transaction(id).action
    assert isinstance(action, views.Propose)
    assert action.deadline.year == 9999


def test_waiting_ends_when_it_is_final_or_deep_enough(fake: Fake, node: Node) -> None:
    id = sha256(b"transaction")
    states: list[Answer] = [
        trouble("not-found", 404),
        said(shown(id, height=None, status="pending", confirmations=0)),
        said(shown(id)),
        said(shown(id, confirmations=2)),
        said(shown(id, confirmations=2, final=True)),
    ]
    fake.answers[f"/v1/transactions/{id}"] = lambda _: states.pop(0) if len(states) > 1 else states[0]
    assert node.wait(id, 1).confirmations == 1
    seen = node.wait(id)
    assert seen.final
    assert isinstance(seen.action, views.Transfer)
    assert seen.action.outputs[0].amount == 2_000_000


def test_waiting_goes_on_over_a_node_that_restarts_and_says_if_it_does_not(fake: Fake, node: Node) -> None:
    id = sha256(b"transaction")
    assert node.coin
    fake.answers[f"/v1/transactions/{id}"] = lambda _: said(shown(id, final=True))
    states = [trouble("busy", 503), (502, "text/html", b""), said(STATUS)]
    fake.answers["/v1/status"] = lambda _: states.pop(0)
    assert node.wait(id).final
    fake.answers["/v1/status"] = lambda _: trouble("busy", 503)
    with pytest.raises(errors.Busy):
        node.wait(id, timeout=0)


def test_waiting_has_an_end_and_says_how_it_stands(fake: Fake, node: Node) -> None:
    id = sha256(b"transaction")
    fake.answers[f"/v1/transactions/{id}"] = lambda _: said(shown(id, action={"type": "new", "more": 1}))
    with pytest.raises(errors.NotYet, match="in block 3, not final") as raised:
        node.wait(id, timeout=0)
    assert raised.value.seen is not None
    assert raised.value.seen.action == views.Unknown("new", {"type": "new", "more": 1})
    # Confirmations of a node that is cut off may never count, and two final histories are for people to decide.
    for name, until in [("alone", 1), ("two-histories", "final"), ("refuses-final", "final")]:
        state = {"name": name, "ready": False, "reason": "no peers"}
        fake.answers["/v1/status"] = lambda _, state=state: said({**STATUS, "state": state})  # type: ignore[misc]
        fake.answers[f"/v1/transactions/{id}"] = lambda _: said(shown(id, final=True))
        with pytest.raises(errors.NotYet, match="the node says"):
            node.wait(id, until, timeout=0)  # type: ignore[arg-type]


def test_a_transaction_whose_time_is_over_is_told(fake: Fake, node: Node) -> None:
    Mempool(fake)
    sent = node.transfer(ALICE, BOB.address, 1)
    with pytest.raises(errors.NotYet):
        node.wait(sent, timeout=0)
    final = {**STATUS["final"], "height": sent.transaction.valid_until}  # type: ignore[dict-item]
    fake.answers["/v1/status"] = lambda _: said({**STATUS, "final": final})
    with pytest.raises(errors.NeverConfirmed):
        node.wait(sent)


EVENTS = b""": here I am

event: transaction
data: {"type":"transaction","id":"%s"}
id: 0a-1

event: new
data: {"type":"new","more":1}
id: 0a-2

""" % (b"01" * 32)
MORE = b'event: lagged\r\ndata:{"missed":null}\r\nid: 0b-7\r\n\r\nid: 0b-8\r\nevent: final\r\ndata: {"type":"final",\ndata: "height":3,"hash":"'
MORE += b"03" * 32 + b'","after_ms":5}\r\n\r\nevent: cut off'


def test_events_go_on_behind_the_last_one_when_the_stream_breaks(fake: Fake, node: Node) -> None:
    fake.streams = [EVENTS, MORE]
    with node.events(after="0a-0") as events:
        got = [next(events) for _ in range(4)]
    assert [event.id for event in got] == ["0a-1", "0a-2", "0b-7", "0b-8"]
    assert got[0].data == views.TransactionEvent("transaction", Hash(b"\1" * 32))
    assert got[1].data == views.Unknown("new", {"type": "new", "more": 1})
    assert got[2].data == views.Lagged("lagged", None)
    assert got[3].data == views.FinalEvent("final", 3, Hash(b"\3" * 32), 5)
    resumed = [headers.get("last-event-id") for path, headers in fake.asked if path == "/v1/events"]
    assert resumed == ["0a-0", "0a-2"]
    assert list(events) == []


def test_a_stream_can_be_closed_while_another_thread_waits_for_an_event(fake: Fake, node: Node) -> None:
    fake.streams, fake.holds = [EVENTS], threading.Event()
    events = node.events()
    heard: list[object] = []
    reader = threading.Thread(target=lambda: heard.extend(events))
    reader.start()
    while len(heard) < 2 and reader.is_alive():
        # `extend` adds one by one.
        reader.join(0.01)
    events.close()
    reader.join(30)
    assert not reader.is_alive()
    assert len(heard) == 2
    fake.holds.set()


def test_a_gap_before_the_first_event_is_told(fake: Fake, node: Node) -> None:
    fake.streams = [b": nothing yet\n\n", EVENTS]
    with node.events() as events:
        assert next(events).data == views.Lagged("lagged")
        assert next(events).id == "0a-1"


def test_a_stream_that_cannot_begin_says_why(fake: Fake, node: Node) -> None:
    for answer, expected in [
        (trouble("busy", 503), errors.Busy),
        (trouble("bad-request", 400), errors.BadRequest),
        (said({}), errors.UnexpectedAnswer),
    ]:
        fake.answers["/v1/events"] = lambda _, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(expected):
            node.events()


CURSORS = [f"{height}-{told}-3-{'0a' * 32}" for height, told in ((4, "1"), (4, "all"), (3, "all"), (5, "2"))]


def frame(name: str, cursor: str, data: object) -> bytes:
    return f"event: {name}\nid: {cursor}\ndata: {json.dumps(data)}\n\n".encode()


def test_the_feed_is_read_page_by_page_with_all_that_is_wanted(fake: Fake, node: Node) -> None:
    agreement = sha256(b"agreement")
    item = {"cursor": CURSORS[0], "transaction": shown(NETWORK)}
    fake.answers["/v1/feed"] = lambda _: said({"items": [item], "next": CURSORS[1], "more": True, "final": 3, "undone": 2})
    page = node.feed(
        CURSORS[3], limit=5, until="confirmed", address=[ALICE.address, str(BOB.address)], topic="a,b", kind="transfer", agreement=agreement
    )
    assert (page.next, page.more, page.final, page.undone) == (CURSORS[1], True, 3, 2)
    assert [(one.cursor, one.transaction.id, one.transaction.fee) for one in page.items] == [(CURSORS[0], NETWORK, 100_000)]
    node.feed(0, address=bytes(ALICE.address), kind=("ballot", "keys"), agreement=[agreement, str(NETWORK)])
    asked = [dict(parse_qsl(path.partition("?")[2])) for path, _ in fake.asked if path.startswith("/v1/feed")]
    first = {"until": "confirmed", "address": f"{ALICE.address},{BOB.address}", "topic": "a,b", "kind": "transfer", "agreement": str(agreement)}
    second = {"address": str(ALICE.address), "kind": "ballot,keys", "agreement": f"{agreement},{NETWORK}"}
    assert asked == [{"after": CURSORS[3], "limit": "5"} | first, {"after": "0"} | second]


def test_a_follower_goes_on_behind_the_last_cursor_and_is_told_what_is_undone(fake: Fake, node: Node) -> None:
    first = frame("transaction", CURSORS[0], shown(NETWORK)) + frame("at", CURSORS[1], {"height": 4, "final": 3}) + b"event: at\nid: cut"
    second = frame("undone", CURSORS[2], {"above": 3}) + frame("new", CURSORS[3], {"more": 1})
    fake.streams = [first, trouble("busy", 503), second]
    with node.follow(3, until="confirmed", kind="transfer") as feed:
        told = [next(feed) for _ in range(4)]
    assert [one.cursor for one in told] == CURSORS
    assert isinstance(told[0].data, views.Transaction)
    assert (told[0].data.id, told[0].data.fee) == (NETWORK, 100_000)
    assert [one.data for one in told[1:]] == [views.FeedAt(4, 3), views.FeedUndone(3), views.Unknown("new", {"more": 1})]
    asked = [(path, headers.get("last-event-id")) for path, headers in fake.asked if path.startswith("/v1/feed")]
    path = "/v1/feed/stream?until=confirmed&kind=transfer"
    assert asked == [(path, "3"), (path, CURSORS[1]), (path, CURSORS[1])]
    assert list(feed) == []


def test_a_follower_waits_for_a_node_that_is_behind_also_at_first(fake: Fake, node: Node) -> None:
    fake.streams = [trouble("behind", 503), trouble("behind", 503), frame("at", CURSORS[1], {"height": 4, "final": 3})]
    with node.follow(CURSORS[0]) as feed:
        assert next(feed).data == views.FeedAt(4, 3)
    fake.answers["/v1/feed/stream"] = lambda _: trouble("busy", 503)
    with pytest.raises(errors.Busy):
        node.follow()


def test_a_follower_that_waits_says_so_once_for_each_wait(fake: Fake, node: Node, caplog: pytest.LogCaptureFixture) -> None:
    one, two = (frame("at", cursor, {"height": 4, "final": 3}) for cursor in CURSORS[1:3])
    fake.streams = [trouble("behind", 503), trouble("behind", 503), trouble("behind", 503), one, two, trouble("busy", 503), one]
    with node.follow(CURSORS[0]) as feed:
        next(feed)
        waited = f"waiting for the node at {node.url}: about behind (behind, 503)"
        assert caplog.messages == [waited]
        next(feed)
        assert caplog.messages == [waited], "a connection that stands again at once is no wait"
        next(feed)
    assert [(one.name, one.levelname) for one in caplog.records] == [("bouya", "WARNING")] * 2
    assert caplog.messages[1].endswith("about busy (busy, 503)")


def test_a_misspelt_filter_is_refused_and_nothing_is_asked(fake: Fake, node: Node) -> None:
    for ask in (node.feed, node.follow):
        with pytest.raises(TypeError, match="no filter adress; there are address, agreement, kind, topic, until"):
            ask(adress=ALICE.address)  # type: ignore[call-arg]
    assert [path for path, _ in fake.asked if path.startswith("/v1/feed")] == []


@pytest.mark.parametrize(("kind", "status", "expected"), [("other-history", 409, errors.OtherHistory), ("pruned", 410, errors.Pruned)])
def test_a_follower_whose_place_is_gone_is_told(kind: str, status: int, expected: type[errors.ApiError], fake: Fake, node: Node) -> None:
    fake.answers["/v1/feed/stream"] = lambda _: trouble(kind, status)
    with pytest.raises(expected):
        node.follow(CURSORS[0])
    fake.streams = [frame("at", CURSORS[1], {"height": 4, "final": 3})]
    with node.follow(CURSORS[0]) as feed:
        next(feed)
        with pytest.raises(expected):
            next(feed)


def test_what_a_follower_cannot_read_is_not_passed_over(fake: Fake, node: Node) -> None:
    fake.streams = [frame("transaction", CURSORS[0], shown(NETWORK, fee=None)), frame("transaction", CURSORS[0], shown(NETWORK))]
    with node.follow(3) as feed:
        with pytest.raises(errors.UnexpectedAnswer):
            next(feed)
        assert next(feed).cursor == CURSORS[0]
    assert [headers["last-event-id"] for path, headers in fake.asked if path == "/v1/feed/stream"] == ["3", "3"]


def test_a_transaction_can_be_checked_before_it_is_sent(fake: Fake, node: Node) -> None:
    Mempool(fake)
    transaction = node.prepare(ALICE, actions.Withdraw(NETWORK))
    asked: list[bytes] = []
    costs = {"id": str(transaction.id), "size": 171, "fee": "0.1", "least_fee": "0.2", "nonce": 0, "next_nonce": 3}
    refused = json.loads(trouble("low-fee", 422)[2])
    answers = [said({**costs, "passes": True, "known": True}), said({**costs, "passes": False, "problem": refused})]
    fake.answers["/v1/transactions/check"] = lambda body: asked.append(body) or answers.pop(0)  # type: ignore[func-returns-value]
    found = node.check(transaction)
    assert found == views.TransactionCheck(transaction.id, True, 171, 100_000, 200_000, 0, 3, known=True)
    problem = node.check(transaction, replace=True).problem
    assert isinstance(problem, errors.LowFee)
    assert problem.detail == "about low-fee"
    assert asked == [bytes(transaction)] * 2
    assert [path for path, _ in fake.asked if "check" in path] == ["/v1/transactions/check", "/v1/transactions/check?replace=true"]


def test_a_receipt_is_renewed_from_an_older_one_or_from_the_transaction(fake: Fake, node: Node) -> None:
    asked: list[bytes] = []
    fake.answers["/v1/receipts"] = lambda body: asked.append(body) or (200, JSON, b"newer")  # type: ignore[func-returns-value]
    transaction = node.prepare(ALICE, actions.Withdraw(NETWORK), nonce=0)
    assert node.renew_receipt("older") == node.renew_receipt(transaction, under=7) == "newer"
    assert asked == [b"older", bytes(transaction)]
    kinds = [(path, headers["content-type"]) for path, headers in fake.asked if path.startswith("/v1/receipts")]
    assert kinds == [("/v1/receipts", JSON), ("/v1/receipts?under=7", "application/octet-stream")]


def test_what_is_asked_is_what_the_description_names(node: Node, fake: Fake) -> None:
    from conftest import ROOT

    described = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    named = {name for path in described.values() for way in path.values() for name in (one["name"] for one in way.get("parameters", []))}
    calls: list[Callable[[], object]] = [
        lambda: next(node.records(topic="a", sender=ALICE.address, hash=NETWORK)),
        lambda: next(node.agreements(party=BOB.address, document=NETWORK, status="open")),
        lambda: node.account(ALICE.address, confirmations=0),
        lambda: node.account(ALICE.address, final=True),
        lambda: node.receipt(NETWORK, under="latest"),
        lambda: node.agreement(NETWORK, confirmations=6),
        lambda: next(node.motions("all")),
        lambda: node.raw_block(3),
        lambda: node.members_proof(3),
        lambda: node.motion(NETWORK),
        lambda: node.members(),
        lambda: next(node.members_history()),
        lambda: node.finality(),
        lambda: next(node.waiting()),
        lambda: node.block(NETWORK),
        lambda: next(node.blocks()),
        lambda: node.feed(NETWORK.hex(), until="final", address=ALICE.address, topic="a", kind="keys", agreement=NETWORK, limit=3),
        lambda: node.follow(3),
        lambda: node.renew_receipt("{}", under=3),
    ]
    for call in calls:
        with pytest.raises(errors.NotFound):
            call()
    values = {str(ALICE.address): "{address}", str(NETWORK): "{id}"}
    for path, _ in fake.asked:
        path, _, query = path.partition("?")
        for value, name in values.items():
            path = path.replace(value, name)
        path = path.replace("/blocks/{id}", "/blocks/{reference}").replace("/blocks/3", "/blocks/{reference}").replace("/3/", "/{height}/")
        assert path in described, path
        assert {one.partition("=")[0] for one in query.split("&") if one} <= named
